/**
 * The files of the guide to deploying. The container file's steps run one after the other in a folder that stands in for
 * the image, where the packages come from a registry; systemd reads the unit.
 */
import { DockerfileParser, type Instruction } from "dockerfile-ast"
import { validate } from "dockerfile-utils"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { createServer } from "node:net"
import * as Path from "node:path"
import * as Installation from "./Installation.ts"
import * as Project from "./Project.ts"
import type * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

const files = Path.join(Tool.root, "examples/deploy")

/** What a user has beside the container file: a program, and what `npm install` wrote. */
const makeContext = (folder: string, registry: string): void => {
  Fs.mkdirSync(folder)
  Fs.copyFileSync(Path.join(Tool.root, "examples/deployed.ts"), Path.join(folder, "deployed.ts"))
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  Fs.writeFileSync(Path.join(folder, ".npmrc"), `@effect-livedesk:registry=${registry}\n`)
  Tool.must("npm", [
    "install",
    "--package-lock-only",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "@effect-livedesk/core",
    "@effect-livedesk/node",
    ...["effect", "@effect/platform-node"].map((name) => `${name}@${Project.catalog(name)}`)
  ], folder)
}

interface Image {
  readonly env: { [name: string]: string }
  command: ReadonlyArray<string>
  healthcheck: ReadonlyArray<string>
  readonly problems: Array<string>
}

/** The words of a command that is written as JSON. */
const commandOf = (instruction: Instruction): ReadonlyArray<string> => {
  const text = instruction.getRawArgumentsContent() ?? ""
  const command: unknown = JSON.parse(text.slice(text.indexOf("[")))
  return Array.isArray(command) ? command.map(String) : []
}

/** Does in the folder what the container file does in the image. */
const build = (instructions: ReadonlyArray<Instruction>, context: string, folder: string): Image => {
  const image: Image = { env: {}, command: [], healthcheck: [], problems: [] }
  Fs.mkdirSync(folder)
  // Of the registry alone: the packages are not published.
  Fs.copyFileSync(Path.join(context, ".npmrc"), Path.join(folder, ".npmrc"))
  for (const instruction of instructions) {
    const texts = instruction.getArguments().map((argument) => argument.getValue())
    const keyword = instruction.getKeyword()
    if (keyword === "FROM") {
      const [, major] = /\/node:(\d+)/.exec(texts[0] ?? "") ?? []
      if (major !== process.versions.node.split(".")[0]) {
        image.problems.push(`the image has Node.js ${major}, this is ${process.version}`)
      }
    } else if (keyword === "COPY") {
      for (const file of texts.slice(0, -1)) {
        Fs.copyFileSync(Path.join(context, file), Path.join(folder, texts.at(-1) ?? "", file))
      }
    } else if (keyword === "RUN") Tool.must("sh", ["-c", texts.join(" ")], folder)
    else if (keyword === "ENV") Object.assign(image.env, Object.fromEntries(texts.map((text) => text.split("="))))
    else if (keyword === "CMD") image.command = commandOf(instruction)
    else if (keyword === "HEALTHCHECK") image.healthcheck = commandOf(instruction)
    else if (!["WORKDIR", "USER", "EXPOSE"].includes(keyword)) image.problems.push(`${keyword} is done by no check`)
  }
  return image
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" ? address?.port ?? 0 : 0
}

/** Starts the image's command, and gives what its health check says before and after the start, and how it ends by SIGTERM. */
const use = async ({ command, env, healthcheck, problems }: Image, folder: string): Promise<void> => {
  const settings = {
    ...env,
    LIVEDESK_API_KEY: "key",
    LIVEDESK_API_SECRET: "secret",
    LIVEDESK_WEBHOOK_SECRET: "secret",
    WEBHOOK_HOST: "127.0.0.1",
    WEBHOOK_PORT: String(await freePort())
  }
  const expect = (what: string, actual: number | boolean | null | undefined, expected: number | boolean) => {
    if (actual !== expected) problems.push(`${what}: ${actual}, not ${expected}`)
  }
  // As `node` it finds the Node.js that runs this.
  const PATH = `${Path.dirname(process.execPath)}:${process.env["PATH"]}`
  const health = () => {
    const [name = "", ...parameters] = healthcheck
    return Tool.run(name, parameters, folder, { ...settings, PATH }).status
  }
  expect("the health check before the start", health(), 1)
  const [name = "", ...parameters] = command
  const child = spawn(name, parameters, {
    cwd: folder,
    env: { ...settings, PATH },
    stdio: ["ignore", "pipe", "inherit"]
  })
  try {
    const [line = ""] = await Installation.linesOf(child, 1)
    expect("the first line of the log", /"message":"Listening on [^"]+"/.test(line), true)
    expect("the health check", health(), 0)
    child.kill("SIGTERM")
    await once(child, "exit")
    expect("the exit code after SIGTERM", child.exitCode, 130)
  } finally {
    await Installation.ended(child)
  }
}

const unit = "livedesk-webhooks.service"

/** What systemd says of the unit; none where it is not installed. */
const verifyUnit = (within: string): Installation.Finding | undefined => {
  if (Tool.run("systemd-analyze", ["--version"], within).status !== 0) return undefined
  const text = Fs.readFileSync(Path.join(files, unit), "utf8")
  const copy = Path.join(within, unit)
  // Of a program it only asks whether that is there.
  Fs.writeFileSync(copy, text.replace("/usr/bin/node", process.execPath))
  const { output, passed } = Tool.run("systemd-analyze", ["verify", copy], within)
  return { name: "the systemd unit", passed: passed && output === "", output }
}

/** Judges both files. */
export const check = async (
  within: string,
  tarballs: ReadonlyArray<Tarball.Tarball>
): Promise<ReadonlyArray<Installation.Finding>> => {
  const text = Fs.readFileSync(Path.join(files, "Containerfile"), "utf8")
  const faults = validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${JSON.stringify(message)}`)
  const [context, app] = [Path.join(within, "context"), Path.join(within, "app")]
  const { address, registry } = await Installation.serve(tarballs)
  try {
    makeContext(context, address)
    const image = build(DockerfileParser.parse(text).getInstructions(), context, app)
    await use(image, app)
    faults.push(...image.problems)
  } finally {
    await Installation.ended(registry)
  }
  const verified = verifyUnit(within)
  if (verified === undefined) process.stderr.write("left out: the systemd unit, for systemd-analyze is not installed\n")
  return [
    { name: "the container file", passed: faults.length === 0, output: faults.join("\n") },
    ...verified === undefined ? [] : [verified]
  ]
}
