import packageJson from "@effect-livedesk/node/package.json" with { type: "json" }
import { assert, describe, it } from "@effect/vitest"
import { Console, Context, Effect } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { Console as NodeConsole } from "node:console"
import { PassThrough } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
// By path, since the package offers the command to shells alone.
import * as LiveDeskCommand from "../../packages/node/src/cli/LiveDeskCommand.ts"
import * as StartText from "../../packages/node/src/cli/StartText.ts"

/** What the command's tree prints, with colours or without. */
const printed = (args: ReadonlyArray<string>, canColor: boolean) =>
  Effect.promise(async () => {
    const stdout = new PassThrough()
    const context = Context.make(Console.Console, new NodeConsole({ stdout })).pipe(
      Context.add(TerminalCapabilities.TerminalCapabilities, { canAnimate: false, canColor, canPrompt: false })
    )
    const code = await Effect.runPromiseWith(context)(LiveDeskCommand.main(args, "1.2.3"))
    stdout.end()
    return { code, out: await text(stdout) }
  })

const lines = (text: string) => text.split("\n").map((line) => `  ${JSON.stringify(line)}`).join(",\n")

describe("the texts of the start", () => {
  it("are published as the commands print them; if not, run codegen", async () => {
    const [help, version] = await Effect.runPromise(
      Effect.all([printed(["--help"], true), printed(["--version"], true)])
    )
    const source = [
      "/**",
      " * What the command prints at its start, with colours: written by `codegen` from its commands.",
      " *",
      " * @since 0.1.0",
      " */",
      `export const help: string = [\n${lines(help.out)}\n].join("\\n")`,
      "",
      `export const version: string = ${JSON.stringify(version.out.replace("1.2.3", "<version>"))}`,
      ""
    ].join("\n").replaceAll("\\u001b", "\\u001B")
    await expect(source).toMatchFileSnapshot(
      fileURLToPath(new URL("../../packages/node/src/internal/HelpText.ts", import.meta.url))
    )
  })

  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, Record<string, string>, boolean]> = [
    [[], {}, false],
    [["--help"], {}, false],
    [["-h"], {}, true],
    [["--help"], { NO_COLOR: "1" }, true],
    [["--help"], { TERM: "dumb" }, true],
    [["--version"], {}, true],
    [["-v"], { FORCE_COLOR: "1" }, false],
    [["--version"], { FORCE_COLOR: "false" }, false],
    [["--version"], { FORCE_COLOR: "1", NO_COLOR: "1" }, false]
  ]
  for (const [args, env, isTerminal] of cases) {
    it.effect(`are what the commands print for ${JSON.stringify([args, env, isTerminal])}`, () =>
      Effect.gen(function*() {
        const canColor = env["TERM"] !== "dumb" && env["NO_COLOR"] === undefined &&
          (isTerminal || env["FORCE_COLOR"] === "1")
        assert.deepStrictEqual(
          { code: 0, out: StartText.make(args, "1.2.3", { env, isTerminal }) },
          yield* printed(args, canColor)
        )
      }))
  }

  it("are for nothing else that can be asked", () => {
    for (const args of [["contacts"], ["--help", "--json"], ["contacts", "--help"], ["--completions", "bash"], [""]]) {
      assert.isUndefined(StartText.make(args, packageJson.version, { env: {}, isTerminal: false }))
    }
  })
})

describe("a command by itself", () => {
  it.effect("prints the help that it prints among all commands", () =>
    Effect.gen(function*() {
      for (const name of Object.keys(LiveDeskCommand.commands)) {
        // A flag before the command's name leads to all of them.
        const among = yield* printed(["--json", name, "--help"], false)
        assert.deepStrictEqual(yield* printed([name, "--help"], false), among)
        assert.match(among.out, new RegExp(`USAGE\n +livedesk ${name} `))
      }
    }))
})
