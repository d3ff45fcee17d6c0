import { LiveDeskClient, Tickets } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import * as FakeTransport from "../FakeTransport.ts"

const respondingWith = (response: FakeTransport.FakeResponse) =>
  Tickets.layer.pipe(
    Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
    Layer.provide(FakeTransport.respondingWith(response))
  )

const data = { ticket_id: "tk_1" }

describe("the code of a ticket's response", () => {
  for (const code of [1, -1, 2001, "E42", "", "00", true, false, {}]) {
    it.effect(`${JSON.stringify(code)} is an error with that code`, () =>
      Effect.gen(function*() {
        const tickets = yield* Tickets.Tickets
        const error = yield* Effect.flip(tickets.get({ ticketId: "tk_1" }))
        assert.deepStrictEqual([error._tag, error.outcome, error.status], ["HttpError", "Unknown", 200])
        assert.strictEqual(
          error.reason._tag === "ErrorCodeReturned" ? error.reason.code : undefined,
          typeof code === "number" || typeof code === "string" ? code : JSON.stringify(code)
        )
        assert.include(error.message, "No such ticket")
      }).pipe(Effect.provide(respondingWith({ body: { code, message: "No such ticket", data } }))))
  }

  for (const code of [0, "0", null, undefined]) {
    it.effect(`${JSON.stringify(code)} is none`, () =>
      Effect.gen(function*() {
        const tickets = yield* Tickets.Tickets
        assert.strictEqual((yield* tickets.get({ ticketId: "tk_1" })).ticketId, "tk_1")
      }).pipe(Effect.provide(respondingWith({ body: { code, message: "Success", data } }))))
  }
})

describe("update", () => {
  for (
    const response of [{ status: 204 }, { body: "" }, { body: "OK" }, { body: null }, { body: { code: 0 } }] as const
  ) {
    it.effect(`does not fail for a response of ${JSON.stringify(response)}`, () =>
      Effect.gen(function*() {
        const tickets = yield* Tickets.Tickets
        const { ticketId } = yield* tickets.update({ ticketId: "tk_1", title: "A title" })
        assert.deepStrictEqual(ticketId, Option.none())
      }).pipe(Effect.provide(respondingWith(response))))
  }

  it.effect("returns the id where the response has it", () =>
    Effect.gen(function*() {
      const tickets = yield* Tickets.Tickets
      const { ticketId } = yield* tickets.update({ ticketId: "tk_1", title: "A title" })
      assert.deepStrictEqual(ticketId.pipe(Option.map(String)), Option.some("tk_1"))
    }).pipe(Effect.provide(respondingWith({ body: { code: 0, message: "Success", data } }))))

  it.effect("fails for a code", () =>
    Effect.gen(function*() {
      const tickets = yield* Tickets.Tickets
      const error = yield* Effect.flip(tickets.update({ ticketId: "tk_1", title: "A title" }))
      assert.strictEqual(error.reason._tag, "ErrorCodeReturned")
    }).pipe(Effect.provide(respondingWith({ body: { code: 7, message: "No" } }))))
})
