#!/usr/bin/env node
/**
 * The command `livedesk`. What is asked most often starts at once: nothing is imported for it.
 *
 * @since 0.1.0
 */
// @effect-diagnostics processEnv:off
import { readFileSync } from "node:fs"
import * as Module from "node:module"
import { homedir } from "node:os"
import { join } from "node:path"
import * as StartText from "./cli/StartText.ts"

// Linux shares its folder for temporary files, which is the default: there, another user could place compiled code.
const cacheFolder = process.platform === "linux"
  ? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "livedesk")
  : undefined
// Bun has no such cache.
if (typeof Module.enableCompileCache === "function") Module.enableCompileCache(cacheFolder)

// Exits quietly on EPIPE. Any other failure to write, such as a full disk, is an error.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") {
    process.stderr.write(`the output cannot be written: ${message}\n`)
    process.exitCode = 1
  }
  process.exit()
})

const args = process.argv.slice(2)
const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
)
const text = StartText.make(args, version, { env: process.env, isTerminal: process.stdout.isTTY })
if (text === undefined) {
  const { run } = await import("./cli/LiveDeskProcess.ts")
  run(args, version)
} else process.stdout.write(text)
