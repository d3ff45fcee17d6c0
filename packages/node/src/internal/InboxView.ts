/**
 * The view of the emulator's inbox: the latest records, deliveries and requests, cut to what a page can show.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-livedesk/core/Conversations"
import type * as EmulatedServer from "@effect-livedesk/core/testing/EmulatedServer"
import type * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as EmulatorState from "@effect-livedesk/core/testing/EmulatorState"
import * as Faults from "@effect-livedesk/core/testing/Faults"
import type * as WebhookSender from "@effect-livedesk/core/testing/WebhookSender"
import * as WebhookEvent from "@effect-livedesk/core/webhooks/WebhookEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

/** Everything that the page shows. Only the parts that changed are sent. Times are in milliseconds since 1970. */
export interface View {
  readonly counts: { readonly contacts: number; readonly conversations: number; readonly messages: number }
  readonly contacts: ReadonlyArray<ContactView>
  readonly conversations: ReadonlyArray<ConversationView>
  readonly conversation: OpenedView | null
  readonly webhook: string | null
  readonly deliveries: ReadonlyArray<DeliveryView>
  readonly requests: ReadonlyArray<RequestView>
  readonly faults: FaultsView
}

export interface ContactView {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly identifier: string
  readonly blocked: boolean
  readonly createdAt: number
  /** The contact's latest conversation among those shown. */
  readonly conversationId: number | null
}

export interface ConversationView {
  readonly id: number
  readonly name: string
  readonly inbox: string
  readonly status: string
  readonly unread: number
  readonly lastActivityAt: number
  readonly last: { readonly from: Writer; readonly text: string } | null
}

/** The writer of a message; `note` is an agent's message for agents only. */
export type Writer = "contact" | "agent" | "note"

export interface OpenedView extends Omit<ConversationView, "last"> {
  readonly contactId: number
  readonly email: string
  readonly phone: string
  readonly snoozedUntil: number | null
  /** The states that it may move to. */
  readonly moves: ReadonlyArray<string>
  /** The latest messages; `earlier` counts those before them. */
  readonly messages: ReadonlyArray<MessageView>
  readonly earlier: number
}

export interface MessageView {
  readonly id: number
  readonly from: Writer
  readonly text: string
  readonly at: number
  readonly files: ReadonlyArray<{ readonly id: number; readonly name: string; readonly size: number }>
}

export interface DeliveryView {
  readonly key: string
  readonly id: string
  readonly event: string
  readonly conversationId: number | null
  readonly status: number | null
  readonly responseBody: string
  readonly redelivered: boolean
  readonly at: number
  readonly took: number
}

export interface RequestView {
  readonly number: number
  readonly method: string
  readonly path: string
  readonly operation: string
  /** The status that the program got. */
  readonly status: number | null
  readonly fault: string | null
  readonly at: number
  readonly took: number | null
}

export interface FaultsView {
  readonly choices: ReadonlyArray<{ readonly id: string; readonly label: string; readonly on: boolean }>
  /** The share of requests, from 0 to 1. */
  readonly rate: number
  /** Whether a program set a plan of its own, which the choices do not show. */
  readonly scripted: boolean
}

// ---------------------------------------------------------------------------------------------------------------------
// faults
// ---------------------------------------------------------------------------------------------------------------------

/** The faults that the page offers, with their labels. */
const offered: ReadonlyArray<readonly [label: string, fault: Faults.Fault]> = [
  ["429, retry after 2 seconds", Faults.Fault.RateLimited({ retryAfter: "2" })],
  ["500, with nothing done", Faults.Fault.Failing({ status: 500, when: "BeforeProcessing" })],
  ["500, though it is done", Faults.Fault.Failing({ status: 500, when: "AfterProcessing" })],
  [
    "503, retry after 1 second",
    Faults.Fault.Failing({ status: 503, when: "BeforeProcessing", retryAfter: "1" })
  ],
  ["Connection lost, with nothing done", Faults.Fault.Reset({ when: "BeforeProcessing" })],
  ["Connection lost, though it is done", Faults.Fault.Reset({ when: "AfterProcessing" })],
  ["No response ever, though it is done", Faults.Fault.Silent({ when: "AfterProcessing" })],
  ["Response cut short after 10 bytes", Faults.Fault.CutShort({ bytes: 10 })],
  ["Response slow, 100 bytes each half second", Faults.Fault.SlowBody({ bytes: 100, pause: "500 millis" })],
  ["A page of HTML instead of the response", Faults.Fault.MalformedBody({ body: "<html><title>Log in</title></html>" })]
]

/** The plan that applies the offered faults with these ids to a share of all requests; none for an unknown id. */
export const planOf = (ids: ReadonlyArray<string>, rate: number): Option.Option<Faults.Plan> =>
  ids.length === 0 ? Option.some(Faults.script({})) : Option.map(
    Option.all(ids.map((id) => Option.fromUndefinedOr(offered.find(([, fault]) => Faults.describe(fault) === id)))),
    (chosen) => Faults.seeded({ seed: "inbox", rate, faults: chosen.map(([, fault]) => fault) })
  )

const labelOf = (fault: Faults.Fault): string => {
  const id = Faults.describe(fault)
  return offered.find(([, fault]) => Faults.describe(fault) === id)?.[0] ?? id
}

const faultsOf = (plan: Faults.Plan): FaultsView => {
  const on = new Set(plan._tag === "Seeded" ? (plan.faults ?? Faults.kinds).map(Faults.describe) : [])
  const choices = offered.map(([label, fault]) => {
    const id = Faults.describe(fault)
    return { id, label, on: on.has(id) }
  })
  return {
    choices,
    rate: plan._tag === "Seeded" ? plan.rate : 1,
    scripted: plan._tag === "Seeded"
      ? on.size > choices.filter(({ on }) => on).length
      : Object.values(plan.steps).some((steps = []) => steps.some((step) => step !== "Pass"))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// rows
// ---------------------------------------------------------------------------------------------------------------------

/** The maximum number of rows in a list. */
const rows = 100

const maxLineLength = 200

const maxMessageLength = 5000

/** Cuts a text, and appends how much more there is. */
const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} more characters)`

const line = (text: string): string => text.length <= maxLineLength ? text : `${text.slice(0, maxLineLength)}…`

const lineOf = (text: Option.Option<string>): string => Option.match(text, { onNone: () => "", onSome: line })

const millis = DateTime.toEpochMillis

const writerOf = ({ messageType, private: isPrivate }: EmulatorState.StoredMessage): Writer =>
  messageType === "incoming" ? "contact" : isPrivate ? "note" : "agent"

const contactsOf = (
  state: EmulatorState.EmulatorState,
  conversations: ReadonlyArray<EmulatorState.StoredConversation>
): ReadonlyArray<ContactView> => {
  const count = HashMap.size(state.contactPlaces)
  const latest = new Map<number, number>()
  for (const { contactId, id } of conversations) if (!latest.has(contactId)) latest.set(contactId, id)
  return Array.from({ length: Math.min(rows, count) }, (_, index) => count - 1 - index)
    .flatMap((place) => EmulatorState.contactAt(state, place))
    .map((contact) => ({
      id: contact.id,
      name: line(contact.name),
      email: lineOf(contact.email),
      phone: lineOf(contact.phoneNumber),
      identifier: lineOf(contact.identifier),
      blocked: contact.blocked,
      createdAt: millis(contact.createdAt),
      conversationId: latest.get(contact.id) ?? null
    }))
}

/** The conversations with the latest activity, latest first: in one pass, as there may be very many. */
const latestConversations = (
  state: EmulatorState.EmulatorState
): ReadonlyArray<EmulatorState.StoredConversation> => {
  const isLater = (a: EmulatorState.StoredConversation, b: EmulatorState.StoredConversation): boolean => {
    const [at, before] = [millis(a.lastActivityAt), millis(b.lastActivityAt)]
    return at > before || (at === before && a.id > b.id)
  }
  const latest: Array<EmulatorState.StoredConversation> = []
  for (const conversation of HashMap.values(state.conversations)) {
    const last = latest.at(-1)
    if (latest.length === rows && last !== undefined && !isLater(conversation, last)) continue
    const place = latest.findLastIndex((other) => isLater(other, conversation)) + 1
    latest.splice(place, 0, conversation)
    if (latest.length > rows) latest.pop()
  }
  return latest
}

const nameOf = (state: EmulatorState.EmulatorState, contactId: number): string =>
  lineOf(Option.map(HashMap.get(state.contacts, contactId), ({ name }) => name))

const inboxOf = (state: EmulatorState.EmulatorState, inboxId: number): string =>
  Option.match(HashMap.get(state.inboxes, inboxId), {
    onNone: () => String(inboxId),
    onSome: ({ name }) => `${line(name)} (${inboxId})`
  })

const conversationOf = (
  state: EmulatorState.EmulatorState,
  stored: EmulatorState.StoredConversation,
  now: DateTime.Utc
): ConversationView => {
  const { contactId, id, inboxId, lastActivityAt, lastMessageId, status, unreadCount } = Option.getOrElse(
    EmulatorState.findConversation(state, stored.id, now),
    () => stored
  )
  return {
    id,
    name: nameOf(state, contactId),
    inbox: inboxOf(state, inboxId),
    status: line(status),
    unread: unreadCount,
    lastActivityAt: millis(lastActivityAt),
    last: Option.match(Option.flatMap(lastMessageId, (id) => HashMap.get(state.messages, id)), {
      onNone: () => null,
      onSome: (message) => ({ from: writerOf(message), text: lineOf(message.content) })
    })
  }
}

const openedOf = (
  state: EmulatorState.EmulatorState,
  id: number,
  messages: ReadonlyArray<EmulatorState.StoredMessage>,
  now: DateTime.Utc
): OpenedView | null =>
  Option.getOrNull(Option.map(EmulatorState.findConversation(state, id, now), (conversation) => {
    const { last: _, ...shown } = conversationOf(state, conversation, now)
    const contact = HashMap.get(state.contacts, conversation.contactId)
    const from = Conversations.statuses.find((status) => status === conversation.status)
    return {
      ...shown,
      contactId: conversation.contactId,
      email: lineOf(Option.flatMap(contact, ({ email }) => email)),
      phone: lineOf(Option.flatMap(contact, ({ phoneNumber }) => phoneNumber)),
      snoozedUntil: Option.getOrNull(Option.map(conversation.snoozedUntil, millis)),
      moves: state.transitionRules && from !== undefined
        ? Conversations.transitions[from]
        : Conversations.statuses.filter((status) => status !== from),
      messages: messages.slice(-rows).map((message) => ({
        id: message.id,
        from: writerOf(message),
        text: Option.match(message.content, { onNone: () => "", onSome: (text) => cut(text, maxMessageLength) }),
        at: millis(message.createdAt),
        files: message.attachmentIds.flatMap((id) =>
          Option.toArray(Option.map(HashMap.get(state.attachments, id), ({ content, name }) => ({
            id,
            name: line(name),
            size: content.byteLength
          })))
        )
      })),
      earlier: Math.max(0, messages.length - rows)
    }
  }))

const keys = new WeakMap<WebhookSender.Delivered, string>()

let keyed = 0

/** The key by which the page names a delivery; each delivery of an event has its own. */
export const keyOf = (delivered: WebhookSender.Delivered): string => {
  const key = keys.get(delivered) ?? `${delivered.id}:${++keyed}`
  keys.set(delivered, key)
  return key
}

const conversationIdOf = (event: WebhookEvent.WebhookEvent): number | null =>
  "conversation" in event ? event.conversation.id : null

const deliveryOf = (delivered: WebhookSender.Delivered): DeliveryView => ({
  key: keyOf(delivered),
  id: delivered.id,
  event: WebhookEvent.nameOf(delivered.event),
  conversationId: conversationIdOf(delivered.event),
  status: Option.getOrNull(delivered.status),
  responseBody: delivered.responseBody,
  redelivered: delivered.redelivered,
  at: millis(delivered.at),
  took: Math.round(Duration.toMillis(delivered.took))
})

const requestOf = (request: EmulatedServer.ServedRequest): RequestView => ({
  number: request.number,
  method: request.method,
  path: line(request.path),
  operation: line(request.operation),
  status: Option.getOrNull(request.sentStatus),
  fault: Option.getOrNull(Option.map(request.fault, labelOf)),
  at: millis(request.at),
  took: Option.getOrNull(Option.map(request.took, (took) => Math.round(Duration.toMillis(took))))
})

// ---------------------------------------------------------------------------------------------------------------------
// watching
// ---------------------------------------------------------------------------------------------------------------------

export interface Sources {
  readonly emulator: Emulator.Emulator["Service"]
  readonly server: EmulatedServer.EmulatedServer
  /** None if no webhook is set. */
  readonly webhook: Option.Option<{ readonly url: string; readonly sender: WebhookSender.WebhookSender["Service"] }>
}

/**
 * Returns an effect whose result is the parts that changed since its previous run, at first all. It compares references
 * first, so that a page that stays open costs an idle emulator next to nothing.
 */
export const watch = ({ emulator, server, webhook }: Sources, conversationId: number | undefined) => {
  const sent = new Map<string, string>()
  let seen: ReadonlyArray<unknown> = []
  let messagesFrom: unknown
  let messages: ReadonlyArray<EmulatorState.StoredMessage> = []
  let latestFrom: unknown
  let latest: ReadonlyArray<EmulatorState.StoredConversation> = []
  return Effect.gen(function*(): Effect.fn.Return<Partial<View>> {
    const state = yield* emulator.state
    const requests = yield* server.requests
    const plan = yield* server.faults.plan
    const deliveries = Option.isSome(webhook) ? yield* webhook.value.sender.recent : []
    // By the emulator's calendar. Each second counts as a change, for conversations whose snooze has ended.
    const now = yield* emulator.now
    const sources = [state, requests, plan, deliveries, Math.floor(millis(now) / 1000)]
    if (sources.every((source, index) => source === seen[index])) return {}
    seen = sources
    if (conversationId !== undefined && messagesFrom !== state.messages) {
      messagesFrom = state.messages
      messages = EmulatorState.messagesOf(state, conversationId)
        .filter(({ messageType }) => messageType !== "activity")
    }
    if (latestFrom !== state.conversations) {
      latestFrom = state.conversations
      latest = latestConversations(state)
    }
    const view: View = {
      counts: {
        contacts: HashMap.size(state.contacts),
        conversations: HashMap.size(state.conversations),
        messages: HashMap.size(state.messages)
      },
      contacts: contactsOf(state, latest),
      conversations: latest.map((conversation) => conversationOf(state, conversation, now)),
      conversation: conversationId === undefined ? null : openedOf(state, conversationId, messages, now),
      webhook: Option.getOrNull(Option.map(webhook, ({ url }) => url)),
      deliveries: deliveries.slice(-rows).map(deliveryOf).reverse(),
      requests: requests.slice(-rows).map(requestOf).reverse(),
      faults: faultsOf(plan)
    }
    return Object.fromEntries(
      Object.entries(view).filter(([part, value]) => {
        const text = JSON.stringify(value)
        if (sent.get(part) === text) return false
        sent.set(part, text)
        return true
      })
    )
  })
}
