import { Contacts } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { render, run } from "./LiveReport.ts"

const atEmulator = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return yield* run({ baseUrl, ...credentials }, 407)
})

const emulator = Layer.merge(NodeEmulator.layer(), NodeTransport.layer())

/** As if the service had come to respond otherwise. */
const otherwise = (change: (text: string) => string) =>
  Layer.provide(
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) =>
        HttpClient.transformResponse(
          client,
          Effect.flatMap((response) =>
            Effect.map(
              response.text,
              (text) =>
                HttpClientResponse.fromWeb(response.request, new Response(change(text), { status: response.status }))
            )
          )
        ))
    ),
    NodeTransport.layer()
  )

describe("the live suite, at an emulator: the live service only by the script test:live", () => {
  it.live("finds what is as the pages show it, and how a rejection is reported", () =>
    Effect.gen(function*() {
      const report = yield* atEmulator
      const of = (what: string) => report.findings.find((finding) => finding.what === what)
      for (const operation of [Contacts.endpoints.create.operation, "conversations.create"]) {
        const found = report.findings.find((finding) => finding.operation === operation)
        assert.deepStrictEqual([found?.outcome, found?.drift], ["200", []], operation)
      }
      assert.include(
        of("a contact with e-mail and identifier")?.seen.join("\n"),
        "payload.contact_inbox.inbox.channel_type"
      )
      assert.match(of("probe: a wrong secret")?.outcome ?? "", /^401, AuthError\/Unauthorized, Rejected: /)
      assert.match(of("probe: the same identifier again")?.outcome ?? "", /^422, ValidationError\/RejectedInput/)
      assert.match(of("probe: an unknown path")?.outcome ?? "", /^404, HttpError\/NotFound/)
      assert.match(report.left.join(), /conversation \d+/)
    }).pipe(Effect.provide(emulator)))

  it.live("names the places that differ", () =>
    Effect.gen(function*() {
      const text = render(yield* atEmulator)
      assert.match(text, /^contacts\.create .*: 200$/m)
      assert.match(text, /^  differs at payload\.contact\.blocked: Expected boolean/m)
      assert.match(text, /^  differs at payload\.contact\.color: /m)
      assert.match(text, /^  unverified and seen: payload\.contact_inbox\.inbox\.channel_type$/m)
    }).pipe(Effect.provide(Layer.merge(
      NodeEmulator.layer(),
      otherwise((text) => text.replaceAll("\"blocked\":false", "\"blocked\":\"no\",\"color\":1"))
    ))))
})
