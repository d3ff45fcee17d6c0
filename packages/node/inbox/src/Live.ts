/** The emulator's events, as they arrive. */
import { signal } from "@preact/signals"
import type { DeliveryView, MessageView, RequestView, Rows, View } from "../../src/internal/InboxView.ts"

/** What the page knows: the parts of all events, their rows put together. */
export interface Known extends Omit<View, "deliveries" | "messages" | "requests"> {
  readonly deliveries: ReadonlyArray<DeliveryView>
  readonly messages: ReadonlyArray<MessageView>
  readonly requests: ReadonlyArray<RequestView>
  /** How far the emulator's calendar is before the browser's clock, in milliseconds. */
  readonly ahead: number
}

/** The record that is looked at. */
export interface Choice {
  readonly _tag: "Conversation" | "Contact" | "Ticket" | "NewTicket"
  readonly id: string
}

export const view = signal<Known | null>(null)

export const link = signal<"connecting" | "live" | "lost">("connecting")

const addresses = [
  [/^#(\d{1,15})$/, "Conversation"],
  [/^#contact-(\d{1,15})$/, "Contact"],
  [/^#ticket-(.{1,200})$/, "Ticket"],
  [/^#new-(ticket)$/, "NewTicket"]
] as const

const fromAddress = (): Choice | null => {
  for (const [form, _tag] of addresses) {
    const [, id] = form.exec(location.hash) ?? []
    if (id !== undefined) return { _tag, id: decode(id) }
  }
  return null
}

const decode = (id: string): string => {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

/** The address has it too, so that it outlives a reload. */
export const selected = signal(fromAddress())

export const isSelected = (tag: Choice["_tag"], id: number | string): boolean =>
  selected.value?._tag === tag && selected.value.id === String(id)

export const select = (tag: Choice["_tag"], id: number | string = "ticket"): void => {
  const prefix = { Conversation: "", Contact: "contact-", Ticket: "ticket-", NewTicket: "new-" }[tag]
  location.hash = `${prefix}${encodeURIComponent(id)}`
}

let source: EventSource | undefined
let later: ReturnType<typeof setTimeout> | undefined

const disconnect = (): void => {
  clearTimeout(later)
  source?.close()
  source = undefined
}

/** The rows that an event tells of, those that did not change as they are known. */
const merge = <Row>(known: Map<string, Row>, rows: Rows<Row> | undefined, before: ReadonlyArray<Row> | undefined) => {
  if (rows === undefined) return before ?? []
  const after = rows.order.flatMap((key) => rows.changed[key] ?? known.get(key) ?? [])
  known.clear()
  rows.order.forEach((key, index) => {
    const row = after[index]
    if (row !== undefined) known.set(key, row)
  })
  return after
}

const query = (): string => {
  const choice = selected.value
  return choice === null || choice._tag === "NewTicket"
    ? ""
    : `?${choice._tag.toLowerCase()}=${encodeURIComponent(choice.id)}`
}

const connect = (): void => {
  disconnect()
  // A browser gives an address only so many connections: a hidden page needs none.
  if (document.hidden) return
  let known: Known | undefined
  const messages = new Map<string, MessageView>()
  const deliveries = new Map<string, DeliveryView>()
  const requests = new Map<string, RequestView>()
  const opened = new EventSource(`/inbox/events${query()}`)
  source = opened
  opened.onmessage = ({ data }: MessageEvent<string>) => {
    // All comes first, and then what changed.
    const event: View = JSON.parse(data)
    known = {
      ...known,
      ...event,
      messages: merge(messages, event.messages, known?.messages),
      deliveries: merge(deliveries, event.deliveries, known?.deliveries),
      requests: merge(requests, event.requests, known?.requests),
      ahead: known?.ahead ?? event.now - Date.now()
    }
    view.value = known
    link.value = "live"
  }
  opened.onerror = () => {
    disconnect()
    link.value = "lost"
    later = setTimeout(connect, 1000)
  }
}

export const start = (): void => {
  addEventListener("hashchange", () => {
    selected.value = fromAddress()
    connect()
  })
  document.addEventListener("visibilitychange", connect)
  addEventListener("pagehide", disconnect)
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) connect()
  })
  connect()
}
