/**
 * Testing with the emulator in memory: a customer writes, a day passes in no time, and what LiveDesk holds is looked at.
 */
import { ConversationStart, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, HashMap, Layer } from "effect"
import { TestClock } from "effect/testing"

/** The program under test. */
const remind = Effect.fn("remind")(function*(conversationId: number) {
  const messages = yield* Messages.Messages
  yield* Effect.sleep("1 day")
  yield* messages.send({ conversationId, content: "Was that of help?" })
})

const countMessages = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  const { messages } = yield* emulator.state
  return HashMap.size(messages)
})

describe("remind", () => {
  it.effect("writes after a day, and not before", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { conversationId } = yield* ConversationStart.start({
        inboxId: 407,
        contact: { email: "alice@acme.inc" },
        message: { content: "Your parcel is on its way." }
      })
      // What only a customer can do.
      yield* emulator.receive({ conversationId, content: "Where is it?" })

      const reminder = yield* Effect.forkChild(remind(conversationId))
      yield* TestClock.adjust("23 hours")
      assert.strictEqual(yield* countMessages, 2)
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(reminder)
      assert.strictEqual(yield* countMessages, 3)
    }).pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer)))))

  it.effect("fails where there is no such conversation", () =>
    Effect.gen(function*() {
      const reminder = yield* Effect.forkChild(Effect.flip(remind(7)))
      yield* TestClock.adjust("1 day")
      const error = yield* Fiber.join(reminder)
      assert.deepStrictEqual([error.reason._tag, error.outcome], ["NotFound", "Rejected"])
    }).pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provide(Emulator.layerWith({ inheritedRules: false }))))))
})
