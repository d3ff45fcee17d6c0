import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Bundles the command from its sources before any test runs. */
export const setup = (): void => {
  execFileSync(process.execPath, [fileURLToPath(new URL("packages/bundle.ts", import.meta.url))], { stdio: "inherit" })
}
