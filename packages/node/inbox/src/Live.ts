/** The emulator's events, as they arrive. */
import { signal } from "@preact/signals"
import type { View } from "../../src/internal/InboxView.ts"

export const view = signal<View | null>(null)

export const link = signal<"connecting" | "live" | "lost">("connecting")

const fromAddress = (): number | null => {
  const [, id] = /^#(\d{1,15})$/.exec(location.hash) ?? []
  return id === undefined ? null : Number(id)
}

/** The conversation that is looked at. The address has it too, so that it outlives a reload. */
export const selected = signal(fromAddress())

let source: EventSource | undefined
let later: ReturnType<typeof setTimeout> | undefined

const disconnect = (): void => {
  clearTimeout(later)
  source?.close()
  source = undefined
}

const connect = (): void => {
  disconnect()
  // A browser gives an address only so many connections: a hidden page needs none.
  if (document.hidden) return
  let known: View | undefined
  const opened = new EventSource(`/inbox/events${selected.value === null ? "" : `?conversation=${selected.value}`}`)
  source = opened
  opened.onmessage = ({ data }: MessageEvent<string>) => {
    // All comes first, and then what changed.
    known = { ...known, ...JSON.parse(data) }
    view.value = known ?? null
    link.value = "live"
  }
  opened.onerror = () => {
    disconnect()
    link.value = "lost"
    later = setTimeout(connect, 1000)
  }
}

export const select = (id: number): void => {
  if (id !== selected.value) location.hash = String(id)
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
