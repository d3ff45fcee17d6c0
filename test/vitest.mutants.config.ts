import { resolve } from "node:path"
import { defineConfig } from "vitest/config"
import config from "./vitest.config.ts"

// No Config can be read here.
// @effect-diagnostics processEnv:off

const root = resolve(import.meta.dirname, "..")

/**
 * The tests as `mutants/mutants.ts` runs them, in a copy of the repository. Its `node_modules` lead back to the packages
 * that are not mutated, so what imports a package by its name gets the copy's.
 */
export default defineConfig({
  ...config,
  resolve: {
    alias: [
      { find: /^@effect-livedesk\/(core|node)$/, replacement: `${root}/packages/$1/src/index.ts` },
      {
        find: /^@effect-livedesk\/core\/(flows|imports|testing|webhooks)$/,
        replacement: `${root}/packages/core/src/$1/index.ts`
      },
      { find: /^@effect-livedesk\/(core|node)\/([\w/]+)$/, replacement: `${root}/packages/$1/src/$2.ts` }
    ]
  },
  // What a mutant changes while its module loads is seen only by a process that has not loaded it before.
  test: {
    ...config.test,
    root,
    dir: root,
    setupFiles: [resolve(import.meta.dirname, "Assertions.ts")],
    isolate: true,
    include: process.env["MUTANTS_TESTS"]?.split(",") ?? config.test?.include ?? [],
    reporters: []
  }
})
