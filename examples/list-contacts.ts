/**
 * All contacts as a stream: read a page when it is asked for, and never more than one held. Here the marketing list is
 * written, a line each, until there are enough.
 */
import { Contacts, LiveDesk } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Option, Stream } from "effect"

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  for (let n = 1; n <= 40; n++) {
    yield* contacts.create({
      inboxId: 407,
      name: `Contact ${n}`,
      email: `${n}@${n % 2 === 0 ? "even" : "odd"}.example`
    })
  }

  // Those of one domain, by what the server's search finds.
  yield* contacts.stream({ q: "@even.example" }).pipe(
    Stream.take(3),
    Stream.runForEach(({ email, id }) => Console.log(`${id} ${Option.getOrElse(email, () => "has no address")}`))
  )

  // An error says in `resume` at which page to begin again; the pages before it are not read a second time.
  const count = yield* contacts.stream().pipe(
    Stream.catchTag("HttpError", ({ resume }) => contacts.stream({ resume })),
    Stream.runCount
  )
  yield* Console.log(`${count} contacts in all`)
})

program.pipe(
  Effect.provide(LiveDesk.layer.pipe(Layer.provide(Emulator.layer))),
  NodeRuntime.runMain
)
