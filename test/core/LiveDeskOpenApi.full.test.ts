import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { createConfig, lint } from "@redocly/openapi-core"
import spectral from "@stoplight/spectral-core"
import rulesets from "@stoplight/spectral-rulesets"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import openapiTypeScript, { astToString } from "openapi-typescript"
import * as EmulatorSettings from "../EmulatorSettings.ts"
import * as Folder from "../Folder.ts"

/** The document as others get it. */
const published = fileURLToPath(import.meta.resolve("@effect-livedesk/core/openapi.json"))

describe("linters", () => {
  const redocly = async (file: string) => {
    const config = await createConfig({ extends: ["recommended-strict"] })
    return (await lint({ ref: file, config })).map(({ message, ruleId }) => `${ruleId}: ${message}`)
  }

  const linter = async (text: string) => {
    const linter = new spectral.Spectral()
    linter.setRuleset(new spectral.Ruleset({ extends: [[rulesets.oas, "recommended"]] }))
    return (await linter.run(text)).map(({ code, message, path }) => `${code}: ${message} at ${path.join(".")}`)
  }

  /** The document without what linters ask for. */
  const faulty = () =>
    readFileSync(published, "utf8").replace("\"license\"", "\"x-license\"").replace("\"contact\"", "\"x-contact\"")

  it("of Redocly have nothing to say", async () => {
    assert.deepStrictEqual(await redocly(published), [])
  })

  it.effect("of Redocly find a fault", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "openapi.json")
      writeFileSync(file, faulty())
      assert.notDeepEqual(yield* Effect.promise(() => redocly(file)), [])
    }).pipe(Effect.scoped))

  it("of Spectral have nothing to say", async () => {
    assert.deepStrictEqual(await linter(readFileSync(published, "utf8")), [])
  })

  it("of Spectral find a fault", async () => {
    assert.notDeepEqual(await linter(faulty()), [])
  })
})

/** The two calls of the quickstart, with each of the clients. */
const program = `
import makeClient from "openapi-fetch"
import type { components, paths } from "./openapi-typescript"
import { contactsCreate, conversationsCreate } from "./hey-api"
import { createClient } from "./hey-api/client"

const { LIVEDESK_API_KEY = "", LIVEDESK_API_SECRET = "", LIVEDESK_BASE_URL = "" } = process.env
const inbox_id = 407
const auth = \`\${LIVEDESK_API_KEY}:\${LIVEDESK_API_SECRET}\`
const headers = { Authorization: \`Basic \${Buffer.from(auth).toString("base64")}\` }

const first = async (): Promise<components["schemas"]["Conversation"]> => {
  const client = makeClient<paths>({ baseUrl: LIVEDESK_BASE_URL, headers })
  const created = await client.POST("/api/v2/accounts/contacts", { body: { inbox_id, email: "alice@acme.inc" } })
  if (created.data === undefined) throw new Error(JSON.stringify(created.error))
  const contact_id: number = created.data.payload.contact.id
  const started = await client.POST("/api/v2/accounts/conversations", { body: { inbox_id, contact_id } })
  if (started.data === undefined) throw new Error(JSON.stringify(started.error))
  return started.data
}

const second = async () => {
  const client = createClient({ baseUrl: LIVEDESK_BASE_URL, headers })
  const created = await contactsCreate({ client, throwOnError: true, body: { inbox_id, email: "bob@acme.inc" } })
  const contact_id: number = created.data.payload.contact.id
  const started = await conversationsCreate({ client, throwOnError: true, body: { inbox_id, contact_id } })
  return started.data
}

void (async () => {
  const conversations = [await first(), await second()]
  console.log(JSON.stringify(conversations.map(({ account_info, status }) => [account_info.contact_email, status])))
})()
`

const run = promisify(execFile)

/** As a program: its declarations do not compile. */
const heyApi = fileURLToPath(new URL("../node_modules/@hey-api/openapi-ts/bin/run.js", import.meta.url))

describe("generated clients", () => {
  it.live("compile strictly, and create a contact and a conversation at the emulator", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      mkdirSync(join(folder, "hey-api"))
      symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"))
      const types = yield* Effect.promise(() => openapiTypeScript(new URL(`file://${published}`)))
      writeFileSync(join(folder, "openapi-typescript.ts"), astToString(types))
      yield* Effect.promise(() =>
        run(process.execPath, [heyApi, "--input", published, "--output", join(folder, "hey-api"), "--silent"])
      )
      writeFileSync(join(folder, "program.ts"), program)
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }))
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          compilerOptions: {
            strict: true,
            noUncheckedIndexedAccess: true,
            target: "es2022",
            lib: ["es2022", "dom", "dom.iterable"],
            module: "node16",
            types: ["node"],
            outDir: "built"
          },
          files: ["program.ts"]
        })
      )
      const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc")
      const compiled = yield* Effect.promise(() =>
        run(process.execPath, [compiler, "-p", folder]).catch((error: { readonly stdout?: unknown }) => error)
      )
      assert.strictEqual(compiled.stdout, "")
      const settings = yield* EmulatorSettings.make
      const { stdout } = yield* Effect.promise(() =>
        run(process.execPath, [join(folder, "built/program.js")], { env: { ...process.env, ...settings } })
      )
      assert.deepStrictEqual(JSON.parse(stdout), [["alice@acme.inc", "open"], ["bob@acme.inc", "open"]])
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))
})
