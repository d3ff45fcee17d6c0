/**
 * Compiles the type tests with each compiler that programs use, and fails unless the errors are those that
 * `@ts-expect-error` announces, with these words. Run with `pnpm test:types`.
 */
import { spawnSync } from "node:child_process"
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const compilers = ["typescript-5", "typescript"] as const

const here = import.meta.dirname
const files = globSync("{core,node}/**/*.ts", { cwd: here }).sort()

/** The announced words, by the place where the compilers report them. */
const announced = new Map<string, string>()

const announce = (file: string, text: string): void => {
  const lines = text.split("\n")
  for (const [index, line] of lines.entries()) {
    const words = /^\s*\/\/ @ts-expect-error (.+)$/.exec(line)?.[1]
    if (words === undefined) continue
    const next = lines.findIndex((after, at) => at > index && !/^\s*(?:\/\/|$)/.test(after))
    announced.set(`${file}:${next + 1}`, words)
  }
}

interface Reported {
  readonly place: string
  readonly message: string
}

/** What a compiler reports; a message goes on in the indented lines below its first. */
const reports = (output: string): ReadonlyArray<Reported> =>
  output.split(/\n(?! )/).filter((text) => text !== "").map((text) => {
    const [, file = "", line = "", message = text] = /^(.+?)\((\d+),\d+\): error (?:TS\d+): ([^]*)$/.exec(text) ?? []
    return { place: `${file}:${line}`, message: message.replaceAll(/\s+/g, " ") }
  })

/** What is wrong with the errors that a compiler reports. */
const judge = (reported: ReadonlyArray<Reported>): ReadonlyArray<string> => [
  ...reported.filter(({ place }) => !announced.has(place)).map(({ place, message }) => `${place}: ${message}`),
  ...[...announced].flatMap(([place, words]) => {
    const messages = reported.filter((report) => report.place === place).map(({ message }) => message)
    if (messages.some((message) => message.includes(words))) return []
    return [`${place}: expected "${words}", ${messages.length === 0 ? "no error" : `not: ${messages.join(" | ")}`}`]
  })
]

const folder = mkdtempSync(join(tmpdir(), "effect-livedesk-types-"))
try {
  // The compilers say nothing of an error that is announced to them, so they get copies that do not.
  for (const file of files) {
    const text = readFileSync(join(here, file), "utf8")
    announce(file, text)
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text.replaceAll("@ts-expect-error", ""))
  }
  cpSync(join(here, "package.json"), join(folder, "package.json"))
  symlinkSync(join(here, "node_modules"), join(folder, "node_modules"), "junction")
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(here, "tsconfig.json"), files }))
  for (const compiler of compilers) {
    const { version }: { readonly version: string } = JSON.parse(
      readFileSync(join(here, "node_modules", compiler, "package.json"), "utf8")
    )
    const { stderr, stdout } = spawnSync(
      process.execPath,
      [join("node_modules", compiler, "bin/tsc"), "--pretty", "false", "--project", "."],
      { cwd: folder, encoding: "utf8" }
    )
    const wrong = [...judge(reports(stdout)), stderr].filter((line) => line !== "")
    process.stdout.write(`TypeScript ${version}: ${wrong.length === 0 ? "good" : "not good"}\n`)
    if (wrong.length === 0) continue
    process.stderr.write(`${wrong.join("\n")}\n`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
