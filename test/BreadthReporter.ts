import { type Reporter, type TestSpecification, type Vitest } from "vitest/node"
import * as Breadth from "./Breadth.ts"

/** Prints at the end of `test` what it left out, and which command runs that; nothing where only some tests were asked for. */
export class BreadthReporter implements Reporter {
  readonly #fullOnly: ReadonlyArray<string>
  #vitest: Vitest | undefined
  #isWhole = false

  constructor(fullOnly: ReadonlyArray<string>) {
    this.#fullOnly = fullOnly
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunStart(specifications: ReadonlyArray<TestSpecification>): Promise<void> {
    const all = await this.#vitest?.globTestSpecifications()
    this.#isWhole = all?.length === specifications.length && this.#vitest?.config.testNamePattern === undefined
  }

  onTestRunEnd(): void {
    if (Breadth.isFull || !this.#isWhole) return
    const campaigns = Object.entries(Breadth.campaigns).map(([name, { full, quick }]) => `${name}: ${quick} of ${full}`)
    const left = [...this.#fullOnly.map((path) => `${path}: whole`), ...campaigns, ...Breadth.samples]
    process.stdout.write(
      ["Left out here, and run by `npx -y pnpm@12 test:full`:", ...left.map((line) => `  ${line}`), "", ""].join("\n")
    )
  }
}
