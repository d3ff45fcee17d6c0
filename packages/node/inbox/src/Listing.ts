/** The lists of the emulator, of which the page holds the part that it shows. */
import { computed, type Signal, signal } from "@preact/signals"
import type { Lists, Window } from "../../src/internal/InboxView.ts"
import { view } from "./Live.ts"

/** The rows that are asked for at once. */
const count = 60

export interface Listing<Row> {
  readonly name: keyof Lists
  /** The text that is searched for. */
  readonly text: Signal<string>
  /** The rows that the page holds; none before the first arrive. */
  readonly window: Signal<Window<Row> | null>
  /** The first row and the one after the last that are seen. */
  readonly seen: Signal<readonly [first: number, end: number]>
  /** Whether the list is shown at all. */
  readonly isShown: Signal<boolean>
}

const revision = computed(() => view.value?.revision)

const make = <Name extends keyof Lists>(name: Name): Listing<Lists[Name]> => {
  const text = signal("")
  const window = signal<Window<Lists[Name]> | null>(null)
  const seen = signal<readonly [number, number]>([0, 0])
  const isShown = signal(false)
  let running: AbortController | undefined
  let isStale = false

  const load = async (): Promise<void> => {
    // Changes that come while rows are on their way are asked for once, after them.
    if (running !== undefined) {
      isStale = true
      return
    }
    const mine = running = new AbortController()
    isStale = false
    const [first, end] = seen.peek()
    const from = Math.max(0, Math.floor((first + end - count) / 2))
    const query = new URLSearchParams({ of: name, text: text.peek(), from: String(from), count: String(count) })
    try {
      const response = await fetch(`/inbox/list?${query}`, { signal: mine.signal })
      if (response.ok && running === mine) window.value = await response.json()
    } catch {
      // The next event, or the connection once it is live again, has it loaded anew.
    }
    if (running !== mine) return
    running = undefined
    if (isStale) void load()
  }

  const restart = (): void => {
    if (!isShown.peek()) return
    running?.abort()
    running = undefined
    void load()
  }

  text.subscribe(restart)
  isShown.subscribe(restart)
  revision.subscribe(() => {
    if (isShown.peek()) void load()
  })
  seen.subscribe(([first, end]) => {
    const known = window.peek()
    if (known === null || !isShown.peek()) return
    if (first < known.from || Math.min(end, known.total) > known.from + known.rows.length) void load()
  })
  return { name, text, window, seen, isShown }
}

export const listings = {
  conversations: make("conversations"),
  contacts: make("contacts"),
  tickets: make("tickets")
}
