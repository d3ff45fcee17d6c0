/**
 * The files of the guide to deploying. The container file's steps run one after the other in a folder that stands in for
 * the image, where the packages come from a registry; systemd reads the unit.
 */
import { DockerfileParser, Healthcheck, type Instruction, JSONInstruction } from "dockerfile-ast"
import { validate } from "dockerfile-utils"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { createServer } from "node:net"
import * as Path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Installation from "./Installation.ts"
import * as Tool from "./Tool.ts"

const files = Path.join(Tool.root, "examples/deploy")

/** What a user has beside the container file: a program, and what `npm install` wrote. */
const makeContext = (folder: string, registry: string, peers: ReadonlyArray<string>): void => {
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
    ...peers
  ], folder)
}

interface Image {
  readonly env: Record<string, string>
  command: ReadonlyArray<string>
  healthcheck: ReadonlyArray<string>
  readonly problems: Array<string>
}

const words = (instruction: JSONInstruction): ReadonlyArray<string> =>
  instruction.getJSONStrings().map((word) => JSON.parse(word.getValue()))

/** Does in the folder what the container file does in the image. */
const build = (instructions: ReadonlyArray<Instruction>, context: string, folder: string): Image => {
  const image: Image = { env: {}, command: [], healthcheck: [], problems: [] }
  Fs.mkdirSync(folder)
  for (const instruction of instructions) {
    const texts = instruction.getArguments().map((argument) => argument.getValue())
    switch (instruction.getKeyword()) {
      case "FROM": {
        const [, major] = /\/node:(\d+)/.exec(texts[0] ?? "") ?? []
        if (major !== process.versions.node.split(".")[0]) {
          image.problems.push(`the image has Node.js ${major}, this is ${process.version}`)
        }
        break
      }
      case "COPY":
        for (const file of texts.slice(0, -1)) {
          Fs.copyFileSync(Path.join(context, file), Path.join(folder, texts.at(-1) ?? "", file))
        }
        break
      case "ENV":
        Object.assign(image.env, Object.fromEntries(texts.map((text) => text.split("="))))
        break
      case "RUN":
        Tool.must("sh", ["-c", instruction.getRawArgumentsContent() ?? ""], folder)
        break
      case "CMD":
        if (instruction instanceof JSONInstruction) image.command = words(instruction)
        break
      case "HEALTHCHECK":
        if (instruction instanceof Healthcheck) image.healthcheck = words(instruction).slice()
        break
      case "WORKDIR":
      case "USER":
      case "EXPOSE":
        break
      default:
        image.problems.push(`no check knows ${instruction.getKeyword()}`)
    }
  }
  return image
}
