#!/usr/bin/env node
/**
 * The command `livedesk`. What is asked most often starts at once: nothing else is loaded for it.
 *
 * @since 0.1.0
 */
// @effect-diagnostics processEnv:off
import { readFileSync } from "node:fs"
import * as NodeModule from "node:module"
import * as StartText from "./cli/StartText.ts"

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
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (text !== undefined) process.stdout.write(text)
else if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`livedesk needs Node.js 22.19 or newer; this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  // Linux shares the folder that Node.js takes by default: there, another user could place compiled code.
  const { HOME, XDG_CACHE_HOME = HOME === undefined ? undefined : `${HOME}/.cache` } = process.env
  // Bun has no such cache. By namespace: a named import that is not there would end an older Node.js before the line above.
  const { enableCompileCache } = NodeModule
  if (typeof enableCompileCache === "function" && (process.platform !== "linux" || XDG_CACHE_HOME !== undefined)) {
    enableCompileCache(process.platform === "linux" ? `${XDG_CACHE_HOME}/livedesk` : undefined)
  }
  const { run } = await import("./cli/LiveDeskProcess.ts")
  run(args, version)
}
