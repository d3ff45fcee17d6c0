/**
 * `livedesk webhooks`.
 *
 * @since 0.1.0
 */
import type * as LiveDeskSchema from "@effect-livedesk/core/LiveDeskSchema"
import * as WebhookDelivery from "@effect-livedesk/core/testing/WebhookDelivery"
import * as DeliveryStore from "@effect-livedesk/core/webhooks/DeliveryStore"
import * as WebhookEvent from "@effect-livedesk/core/webhooks/WebhookEvent"
import * as Webhooks from "@effect-livedesk/core/webhooks/Webhooks"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import { createServer } from "node:http"
import * as NodeTransport from "../NodeTransport.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as DryRun from "./DryRun.ts"
import * as EmulatorCommand from "./EmulatorCommand.ts"
import { NoResponseError, PartialFailureError, UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const verification = Effect.gen(function*() {
  const secret = yield* EmulatorCommand.webhookSecret
  return Option.match(secret, {
    onNone: () => Webhooks.unverified,
    onSome: (secret) => Webhooks.signed({ secrets: [secret] })
  })
})

const listen = Command.make(
  "listen",
  {
    port: Flag.Int("port").pipe(Flag.withDescription("The port; defaults to a free one"), Flag.withDefault(0)),
    path: Flag.String("path").pipe(
      Flag.withDescription("The path to receive at; defaults to /webhooks/livedesk"),
      Flag.withDefault("/webhooks/livedesk")
    )
  },
  Effect.fnUntraced(function*({ path, port }) {
    yield* LiveDeskCall.rejectDryRun("webhooks listen", "it sends nothing to LiveDesk, and changes nothing")
    if (port < 0 || port > 65_535) {
      return yield* new UsageError({ message: "--port: expected a number from 0 to 65535" })
    }
    if (!isPath(path)) return yield* new UsageError({ message: "--path: expected a path such as /webhooks/livedesk" })
    const isJson = yield* CommandOutput.Json
    const how = yield* verification
    const handler = (event: WebhookEvent.WebhookEvent) =>
      Console.log(
        isJson
          // The whole payload, as it came.
          ? CommandOutput.json(WebhookEvent.write(event), 0)
          : `${WebhookEvent.nameOf(event)}\n${CommandOutput.text(shown(WebhookEvent.write(event)))}\n`
      )
    const receiver = Webhooks.layer({ path, verification: how, handler, ownMessages: "handle", concurrency: 1 })
    return yield* Effect.gen(function*() {
      const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
      yield* Console.error(
        `listening at ${address}${path}, ${
          how._tag === "Signed" ? "for what is signed" : "unverified: LIVEDESK_WEBHOOK_SECRET is not set"
        }`
      )
      return yield* Effect.never
    }).pipe(
      Effect.provide(
        HttpRouter.serve(receiver, { disableLogger: true, disableListenLog: true }).pipe(
          Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1" })),
          Layer.provide(DeliveryStore.layer)
        )
      ),
      Effect.catchTags({
        ServeError: () =>
          Effect.fail(new UsageError({ message: `port ${port} of 127.0.0.1 cannot be listened on; is it taken?` })),
        WebhookOptionsError: ({ problem }) => Effect.fail(new UsageError({ message: problem }))
      })
    )
  })
).pipe(
  Command.withDescription(
    "Print webhooks as they arrive, until Ctrl-C; with --json one document per line. If LIVEDESK_WEBHOOK_SECRET is " +
      "set, only those that are signed with it"
  ),
  Command.withShortDescription("Print webhooks as they arrive"),
  Command.withExamples([{ command: "livedesk webhooks listen --port 3000", description: "Print webhooks to a port" }])
)

/** What fits on a line each, and the conversation, by which a person knows a message. */
const shown = (payload: LiveDeskSchema.Attributes) => {
  const { conversation } = payload
  return {
    ...CommandOutput.summary(payload),
    ...(Predicate.hasProperty(conversation, "id") ? { conversation: conversation.id } : {})
  }
}

const isPath = (path: string): path is `/${string}` => /^\/[\w\-./~%]*$/.test(path)

const sendTest = Command.make(
  "send-test",
  {
    url: Argument.String("url").pipe(Argument.withDescription("The receiver's address")),
    event: Flag.String("event").pipe(
      Flag.withDescription(
        `The event; defaults to message_created, a message from a customer. Any name, such as ${
          WebhookDelivery.eventNames.join(", ")
        }`
      ),
      Flag.withDefault("message_created")
    ),
    id: Flag.Int("id").pipe(
      Flag.withDescription(
        "The id of the delivery and of its record, to deliver the same bytes again; events share it; defaults to a fresh one"
      ),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ event, id: repeated, url }) {
    if (event === "") return yield* new UsageError({ message: "--event: expected a name such as message_created" })
    if (Option.exists(repeated, (id) => id < 1 || !Number.isSafeInteger(id))) {
      return yield* new UsageError({ message: "--id: expected a whole number from 1" })
    }
    const address = URL.canParse(url) ? new URL(url) : undefined
    if (address === undefined || !/^https?:$/.test(address.protocol) || address.username + address.password !== "") {
      return yield* new UsageError({
        message: "expected an address such as http://127.0.0.1:3000/livedesk, without user name and password"
      })
    }
    const id = Option.isSome(repeated) ? repeated.value : DateTime.toEpochMillis(yield* DateTime.now)
    const sample = WebhookDelivery.payload(event, fresh(event, id, timeOf(id)))
    const signing = yield* verification
    const delivery = yield* WebhookDelivery.make({
      path: `/${address.pathname.slice(1)}${address.search}`,
      verification: signing,
      id: `test-${id}`,
      payload: { ...sample, ...(yield* reordered(sample, id)) }
    }).pipe(
      Effect.mapError(() => new UsageError({ message: "LIVEDESK_WEBHOOK_SECRET cannot be used to sign with" }))
    )
    const request = WebhookDelivery.toRequest(delivery, address.origin)
    if (yield* LiveDeskCall.DryRunFlag) return yield* DryRun.print(DryRun.shown([request]))
    const { responseBody, status } = yield* HttpClient.execute(request).pipe(
      Effect.flatMap((response) =>
        Effect.map(response.text, (responseBody) => ({ status: response.status, responseBody }))
      ),
      Effect.timeout("5 seconds"),
      Effect.provide(NodeTransport.layer()),
      Effect.mapError(() =>
        new NoResponseError({
          message:
            `no response from ${address.origin} within 5 seconds; check that the receiver runs, and listens there`
        })
      )
    )
    yield* CommandOutput.print(
      { event, id, status, responseBody: responseBody.slice(0, maxResponseLength) },
      (made) => made
    )
    if (status >= 300) {
      return yield* new PartialFailureError({
        message: `the receiver responded with ${status}${
          status !== 401
            ? ""
            : signing === Webhooks.unverified
            ? ": it was sent unsigned, since LIVEDESK_WEBHOOK_SECRET is not set here"
            : ": check that both have the same LIVEDESK_WEBHOOK_SECRET"
        }`
      })
    }
  })
).pipe(
  Command.withDescription(
    "Deliver a sample event to a receiver, with a fresh id and time, or those of --id; signed if LIVEDESK_WEBHOOK_SECRET is " +
      "set"
  ),
  Command.withExamples([{
    command: "livedesk webhooks send-test http://127.0.0.1:3000/webhooks/livedesk",
    description: "Deliver a customer's message"
  }, {
    command: "livedesk webhooks send-test http://127.0.0.1:3000/webhooks/livedesk --id 7",
    description: "Run it twice: the bytes are the same, and a receiver handles one id once, whatever --event is"
  }])
)

/** The changes of an event in an order that varies with the id, as Chatwoot lists them in no fixed one. */
const reordered = ({ changed_attributes: changes }: LiveDeskSchema.Attributes, id: number) =>
  Array.isArray(changes)
    ? Effect.map(Random.withSeed(Random.shuffle(changes), id), (changes) => ({ changed_attributes: changes }))
    : Effect.succeed({})

/** The time of a delivery, which is the same each time: its id, if that was a fresh one, or that of the samples. */
const timeOf = (id: number): DateTime.Utc =>
  DateTime.makeUnsafe(id >= 1e12 && id <= 8.64e15 ? id : "2026-01-21T03:48:50.012Z")

/** The id of the record, and the times that the event has. */
const fresh = (event: string, id: number, at: DateTime.Utc) => {
  const seconds = Math.floor(DateTime.toEpochMillis(at) / 1000)
  if (event.startsWith("message_")) return { id, created_at: DateTime.formatIso(at) }
  if (event.startsWith("conversation_typing_")) return {}
  if (!event.startsWith("conversation_")) return { id }
  return {
    id,
    created_at: seconds,
    last_activity_at: seconds,
    timestamp: seconds,
    updated_at: DateTime.toEpochMillis(at) / 1000
  }
}

const maxResponseLength = 2000

/**
 * The commands about webhooks.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("webhooks").pipe(
  Command.withDescription("Receive webhooks, and deliver samples"),
  Command.withSubcommands([listen, sendTest])
)
