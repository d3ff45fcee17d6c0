import { globSync } from "node:fs"
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import * as Breadth from "./Breadth.ts"
import { BreadthReporter } from "./BreadthReporter.ts"

/** What only `test:full` runs: it needs servers, a browser or many processes. */
const fullOnly = globSync("**/*.full.test.ts", { cwd: import.meta.dirname, exclude: ["**/node_modules"] }).sort()

export default defineConfig({
  test: {
    dir: "..",
    // Some tests start programs, in `test:full` dozens of them, which a busy machine makes wait.
    testTimeout: Breadth.isFull ? 300_000 : 30_000,
    hookTimeout: 30_000,
    // Vitest takes one less than there are cores; of two, that leaves one idle, and most campaigns wait.
    maxWorkers: Math.max(Breadth.isFull ? 3 : 2, availableParallelism() - 1),
    // Files share their process, so that each need not load the library anew. Each leaves it as it was.
    isolate: false,
    // A test that asserts nothing fails, and so does one whose snapshot is not there yet.
    expect: { requireAssertions: true },
    update: "none",
    setupFiles: ["./Assertions.ts"],
    globalSetup: Breadth.isFull ? ["./BundledCommand.ts"] : [],
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      ...(Breadth.isFull ? [] : ["test/**/*.full.test.ts"])
    ],
    reporters: ["default", new BreadthReporter(fullOnly)]
  }
})
