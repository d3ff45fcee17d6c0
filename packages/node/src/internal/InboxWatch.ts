/**
 * The changes of an emulator, as the page of its inbox gets them.
 *
 * @since 0.1.0
 */
import type * as EmulatedServer from "@effect-livedesk/core/testing/EmulatedServer"
import type * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as EmulatorState from "@effect-livedesk/core/testing/EmulatorState"
import type * as WebhookSender from "@effect-livedesk/core/testing/WebhookSender"
import * as WebhookEvent from "@effect-livedesk/core/webhooks/WebhookEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type * as InboxDrafts from "./InboxDrafts.ts"
import * as InboxFaults from "./InboxFaults.ts"
import * as InboxList from "./InboxList.ts"
import * as InboxRecord from "./InboxRecord.ts"
import type { DeliveryView, Opened, RequestView, Rows, View } from "./InboxView.ts"

export interface Sources {
  readonly emulator: Emulator.Emulator["Service"]
  readonly server: EmulatedServer.EmulatedServer
  /** Whether the server keeps queries and bodies. */
  readonly keepsBodies: boolean
  /** None if no webhook is set. */
  readonly webhook: Option.Option<{ readonly url: string; readonly sender: WebhookSender.WebhookSender["Service"] }>
  /** None without an agent's store. */
  readonly drafts: InboxDrafts.InboxDrafts | undefined
}

/** The record that a page has open. */
export type Choice =
  | { readonly _tag: "Conversation" | "Contact"; readonly id: number }
  | { readonly _tag: "Ticket"; readonly id: string }

/** The most deliveries and requests that a page gets. */
const longestList = 100

const millis = DateTime.toEpochMillis

const keys = new WeakMap<WebhookSender.Delivered, string>()

let keyed = 0

/** Counted for all pages, so that a page that connects again sees that its lists are old. */
let revisions = 0

/** The key by which the page names a delivery; each delivery of an event has its own. */
export const keyOf = (delivered: WebhookSender.Delivered): string => {
  const key = keys.get(delivered) ?? `${delivered.id}:${++keyed}`
  keys.set(delivered, key)
  return key
}

const deliveryOf = (delivered: WebhookSender.Delivered): DeliveryView => ({
  key: keyOf(delivered),
  id: delivered.id,
  event: WebhookEvent.nameOf(delivered.event),
  conversationId: "conversation" in delivered.event ? delivered.event.conversation.id : null,
  status: Option.getOrNull(delivered.status),
  responseBody: delivered.responseBody,
  redelivered: delivered.redelivered,
  at: millis(delivered.at),
  took: Math.round(Duration.toMillis(delivered.took))
})

const requestOf = (request: EmulatedServer.ServedRequest): RequestView => ({
  number: request.number,
  method: request.method,
  path: InboxRecord.line(request.path),
  operation: InboxRecord.line(request.operation),
  status: Option.getOrNull(request.sentStatus),
  fault: Option.getOrNull(Option.map(request.fault, InboxFaults.labelOf)),
  at: millis(request.at),
  took: Option.getOrNull(Option.map(request.took, (took) => Math.round(Duration.toMillis(took))))
})

/** Returns the rows with those among them that are not as they were sent before; nothing if all are. */
const unsent = <Row>(keyOf: (row: Row) => string) => {
  let before: ReadonlyMap<string, string> | undefined
  return (rows: ReadonlyArray<Row>): Rows<Row> | undefined => {
    const known = before
    const after = new Map(rows.map((row) => [keyOf(row), JSON.stringify(row)]))
    const changed = Object.fromEntries(
      rows.filter((row) => known?.get(keyOf(row)) !== after.get(keyOf(row))).map((row) => [keyOf(row), row])
    )
    before = after
    const order = [...after.keys()]
    const isSame = Object.keys(changed).length === 0 && known?.size === order.length &&
      [...known.keys()].every((key, index) => key === order[index])
    return isSame ? undefined : { order, changed }
  }
}

/**
 * Returns an effect whose result is the parts that changed since its previous run, at first all. It compares references
 * first, so that a page that stays open costs an idle emulator next to nothing.
 */
export const make = ({ drafts, emulator, keepsBodies, server, webhook }: Sources, choice: Choice | undefined) => {
  const sent = new Map<string, string>()
  const parts = {
    messages: unsent<View["messages"]["changed"][string]>(({ id }) => String(id)),
    deliveries: unsent<DeliveryView>(({ key }) => key),
    requests: unsent<RequestView>(({ number }) => String(number))
  }
  let seen: ReadonlyArray<unknown> = []
  let listed: ReadonlyArray<unknown> = []
  let revision = 0
  let messagesFrom: unknown
  let messages: ReadonlyArray<EmulatorState.StoredMessage> = []

  const openedOf = (state: EmulatorState.EmulatorState, now: DateTime.Utc): Opened | null => {
    switch (choice?._tag) {
      case undefined:
        return null
      case "Conversation":
        return InboxRecord.openedConversation(state, choice.id, messages, now)
      case "Contact":
        return InboxRecord.openedContact(state, choice.id, InboxList.conversationsOf(state), now)
      case "Ticket":
        return InboxRecord.openedTicket(state, choice.id)
    }
  }

  return Effect.gen(function*(): Effect.fn.Return<Partial<View>> {
    const state = yield* emulator.state
    const requests = yield* server.requests
    const plan = yield* server.faults.plan
    const deliveries = Option.isSome(webhook) ? yield* webhook.value.sender.recent : []
    const waiting = drafts === undefined ? null : yield* drafts.view
    // By the emulator's calendar. Each second counts as a change, for conversations whose snooze has ended.
    const now = yield* emulator.now
    const sources = [state, requests, plan, deliveries, waiting, Math.floor(millis(now) / 1000)]
    const isFirst = seen.length === 0
    if (sources.every((source, index) => source === seen[index])) return {}
    seen = sources
    if (choice?._tag === "Conversation" && messagesFrom !== state.messages) {
      messagesFrom = state.messages
      messages = EmulatorState.messagesOf(state, choice.id).filter(({ messageType }) => messageType !== "activity")
    }
    const { contacts, conversations, inboxes, tickets } = state
    const lists = [contacts, conversations, state.messages, tickets, inboxes, InboxList.awakened(state, now)]
    if (lists.some((list, index) => list !== listed[index])) revision = ++revisions
    listed = lists
    const view: { readonly [Part in keyof View]: View[Part] | undefined } = {
      now: isFirst ? millis(now) : undefined,
      counts: {
        contacts: HashMap.size(state.contacts),
        conversations: HashMap.size(state.conversations),
        tickets: HashMap.size(state.tickets)
      },
      revision,
      inboxes: HashMap.toValues(state.inboxes).map(({ id }) => ({ id, name: InboxRecord.inboxOf(state, id) })),
      opened: openedOf(state, now),
      messages: parts.messages(InboxRecord.latestMessages(state, messages)),
      webhook: Option.getOrNull(Option.map(webhook, ({ url }) => url)),
      deliveries: parts.deliveries(deliveries.slice(-longestList).map(deliveryOf).reverse()),
      requests: parts.requests(requests.slice(-longestList).map(requestOf).reverse()),
      keepsBodies,
      faults: InboxFaults.viewOf(plan),
      drafts: waiting
    }
    return Object.fromEntries(
      Object.entries(view).filter(([part, value]) => {
        const text = JSON.stringify(value)
        if (value === undefined || sent.get(part) === text) return false
        sent.set(part, text)
        return true
      })
    )
  })
}
