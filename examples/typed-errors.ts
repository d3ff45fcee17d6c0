/**
 * A typed error pipeline: what to do follows from the tag, the reason and the outcome.
 */
import { Contacts, LiveDesk, type LiveDeskError } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Option } from "effect"

/** The result for one customer. */
type Outcome =
  | { readonly _tag: "Created"; readonly contactId: number }
  | { readonly _tag: "AlreadyThere" }
  | { readonly _tag: "TryLater"; readonly seconds: number }
  | { readonly _tag: "AskSomeone"; readonly why: string }

const create = Effect.fn("create")(function*(input: Contacts.CreateContact) {
  const contacts = yield* Contacts.Contacts
  const { contact } = yield* contacts.create(input)
  return { _tag: "Created", contactId: contact.id } satisfies Outcome
})

const byOutcome = (error: LiveDeskError.LiveDeskError): Outcome => {
  switch (error.outcome) {
    case "NotSent":
      // Nothing happened, so the same call is safe.
      return { _tag: "TryLater", seconds: 10 }
    case "Rejected":
      return { _tag: "AskSomeone", why: error.message }
    case "Processed":
    case "Unknown":
      // The contact may be there: sending it again could create it twice.
      return { _tag: "AskSomeone", why: `look for the contact first: ${error.message}` }
  }
}

const createOrExplain = (
  input: Contacts.CreateContact
): Effect.Effect<Outcome, LiveDeskError.AuthError, Contacts.Contacts> =>
  create(input).pipe(
    // By reason, with the whole error at hand:
    Effect.catchReason("HttpError", "RateLimited", ({ retryAfter }) =>
      Effect.succeed<Outcome>({
        _tag: "TryLater",
        seconds: Option.match(retryAfter, { onNone: () => 60, onSome: (wait) => Math.ceil(Duration.toSeconds(wait)) })
      })),
    Effect.catchReason("ValidationError", "RejectedInput", ({ fields, message }) =>
      Effect.succeed<Outcome>(
        fields.includes("email") ? { _tag: "AlreadyThere" } : { _tag: "AskSomeone", why: message }
      )),
    // By tag, for the rest. An AuthError is nobody's business here: it stays in the type.
    Effect.catchTags({
      ValidationError: (error) => Effect.succeed(byOutcome(error)),
      HttpError: (error) => Effect.succeed(byOutcome(error))
    })
  )

const program = Effect.forEach(
  [
    { inboxId: 407, email: "alice@acme.inc" },
    { inboxId: 407, email: "ALICE@acme.inc" },
    { inboxId: 408, email: "bob@acme.inc" }
  ],
  (input) => Effect.flatMap(createOrExplain(input), (outcome) => Console.log(JSON.stringify(outcome)))
)

program.pipe(
  Effect.provide(LiveDesk.layer.pipe(Layer.provide(Emulator.layer))),
  NodeRuntime.runMain
)
