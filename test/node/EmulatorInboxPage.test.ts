import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

describe("the emulator's inbox", () => {
  it("is published as its sources have it; if not, run codegen", async () => {
    const made = execFileSync(process.execPath, [path("packages/node/inbox/build.ts")], { encoding: "utf8" })
    await expect(made).toMatchFileSnapshot(path("packages/node/src/internal/InboxPage.ts"))
  })

  it.live("comes with the licence of each package in it", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const document = yield* HttpClient.get(`${baseUrl}/inbox`).pipe(
        Effect.flatMap(({ text }) => text),
        Effect.provide(NodeTransport.layer())
      )
      const [notices = ""] = /<!--[^]*?-->/.exec(document) ?? []
      for (const name of ["preact", "@preact/signals"]) {
        const licence = readFileSync(path(`packages/node/inbox/node_modules/${name}/LICENSE`), "utf8").trim()
        assert.include(notices, `${name} `)
        assert.include(notices, licence)
        assert.match(licence, /Copyright \(c\)/)
      }
      assert.include(notices, "@preact/signals-core ")
    }).pipe(Effect.provide(NodeEmulator.layer())))
})
