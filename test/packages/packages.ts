/**
 * Installs the packages as a user would, and uses them: on every runtime, with every compiler, in a worker, by the
 * command as it is installed, and by the container file of the guide to deploying. Run with
 * `pnpm packages`; with `--short` on the Node that runs this, and with the newest compiler.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, posix } from "node:path"
import * as Deployment from "./Deployment.ts"
import * as Installation from "./Installation.ts"
import * as Project from "./Project.ts"
import * as Runtime from "./Runtime.ts"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"
import * as Typing from "./Typing.ts"
import * as Worker from "./Worker.ts"

/** The programs, with what each says at its end. */
const programs = {
  memory: "a open conversation",
  port: "a open conversation",
  fetch: "the contact Alice",
  import: "1 imported, 1 rejected"
}

const short = process.argv.includes("--short")

const report = (what: string, passed: boolean, output: string): void => {
  process.stdout.write(`${what}: ${passed ? "good" : "not good"}\n`)
  if (passed) return
  process.stderr.write(`${output}\n`)
  process.exitCode = 1
}

const use = (project: string, { command, lacking, name, parameters }: Runtime.Runtime): void => {
  for (const [program, expected] of Object.entries(programs)) {
    const { output, passed } = Tool.run(command, [...parameters, `${program}.ts`], project)
    const works = passed && output.split("\n").includes(expected)
    const reason = lacking[program]
    if (reason === undefined) report(`${name}, ${program}`, works, output)
    else if (works) report(`${name}, ${program}`, false, `works, though it is known not to: ${reason}`)
    else process.stderr.write(`${name}, ${program}: left out, ${reason}\n`)
  }
}

/** By the names that programs import; all but what needs an optional peer. */
const modulesOf = (tarballs: ReadonlyArray<Tarball.Tarball>): ReadonlyArray<string> =>
  tarballs
    .flatMap((tarball) =>
      [...Tarball.entries(tarball).keys()].map((entry) => posix.join("@effect-livedesk", tarball.name, entry))
    )
    .filter((module) => module !== "@effect-livedesk/node/NodeFlows")

const folder = mkdtempSync(join(tmpdir(), "effect-livedesk-"))
try {
  const tarballs = Tarball.make(folder)
  const project = Project.make(folder, tarballs)
  let bun: string | undefined
  if (short) use(project, Runtime.own)
  else {
    const { leftOut, runtimes } = Runtime.install(folder)
    for (const reason of leftOut) process.stderr.write(`left out: ${reason}\n`)
    for (const runtime of runtimes) use(project, runtime)
    bun = runtimes.find(({ name }) => name.startsWith("Bun "))?.command
  }
  for (const { name, output, passed } of await Installation.check(folder, tarballs, { bun, short })) {
    report(name, passed, output)
  }
  for (const { name, output, passed } of await Deployment.check(folder, tarballs)) report(name, passed, output)
  const loaded = Tool.run(process.execPath, ["effects.ts", ...modulesOf(tarballs)], project)
  report("side effects of the modules", loaded.output.split("\n").includes("nothing"), loaded.output)
  const said = await Worker.run(project).catch((error: unknown) => String(error))
  report("in a worker", said === "the contact Alice", said)
  const compilers = short ? Typing.compilers.slice(-1) : Typing.compilers
  // With it, every module has the types that it needs.
  Project.add(project, ["@effect/sql-pg", ...compilers.map(Typing.packageOf)])
  for (const compiler of compilers) {
    for (const { name, output, passed } of Typing.check(project, tarballs, compiler)) report(name, passed, output)
  }
} finally {
  rmSync(folder, { recursive: true })
}
