/**
 * The client in a program that is written with promises: one runtime for all of it, and a function a call.
 */
import { Contacts, type LiveDeskError } from "@effect-livedesk/core"
import { NodeEmulator } from "@effect-livedesk/node"
import { Effect, ManagedRuntime, Result } from "effect"

// Made once. A program of your own gives `NodeLiveDesk.layerConfig()`.
const runtime = ManagedRuntime.make(NodeEmulator.layerLiveDesk())

/** Rejects with what the call failed with. */
const contactIdOf = (email: string): Promise<number> =>
  runtime.runPromise(Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    const { contact } = yield* contacts.ensure({ inboxId: 407, email })
    return contact.id
  }))

/** Does not reject for what LiveDesk says: the error comes as a value, with its type. */
const find = (email: string): Promise<Result.Result<boolean, LiveDeskError.LiveDeskError>> =>
  runtime.runPromise(Effect.result(Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    return (yield* contacts.find({ email }))._tag === "Some"
  })))

const id = await contactIdOf("alice@acme.inc")
const found = await find("alice@acme.inc")
const unnamed = await find(" ")
process.stdout.write(`contact ${id}, found: ${Result.isSuccess(found) && found.success}\n`)
if (Result.isFailure(unnamed)) process.stdout.write(`${unnamed.failure._tag}, ${unnamed.failure.outcome}\n`)
await runtime.dispose()
