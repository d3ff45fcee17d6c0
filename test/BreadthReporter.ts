import { type Reporter } from "vitest/node"
import * as Breadth from "./Breadth.ts"

/** Says at the end of `test` what it left out, and which command runs that. */
export class BreadthReporter implements Reporter {
  readonly #fullOnly: ReadonlyArray<string>

  constructor(fullOnly: ReadonlyArray<string>) {
    this.#fullOnly = fullOnly
  }

  onTestRunEnd(): void {
    if (Breadth.isFull) return
    const campaigns = Object.entries(Breadth.campaigns).map(([name, { full, quick }]) => `${name}: ${quick} of ${full}`)
    const left = [...this.#fullOnly.map((path) => `${path}: whole`), ...campaigns, ...Breadth.samples]
    process.stdout.write(
      ["Left out here, and run by `npx -y pnpm@12 test:full`:", ...left.map((line) => `  ${line}`), "", ""].join("\n")
    )
  }
}
