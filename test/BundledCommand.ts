import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Bundles the command from its sources before any test runs, where `Cli.program` has it. */
export const setup = (): void => {
  const bundle = fileURLToPath(new URL("packages/bundle.ts", import.meta.url))
  execFileSync(process.execPath, [bundle, ".bundle"], { stdio: "inherit" })
}
