import { useSignal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { Listing } from "./Listing.ts"

/** The height of a row, in pixels: the style sheet keeps to it. */
const rowHeight = 82

/** The rows that are rendered beyond those that are seen. */
const margin = 6

/**
 * A list of which only what is seen is rendered. The arrow keys, Page Up, Page Down, Home and End go through it: Tab
 * comes to one of its rows alone.
 */
export const List = <Row extends { readonly id: number | string }>({ empty, isCurrent, label, listing, open, row }: {
  readonly listing: Listing<Row>
  readonly label: string
  readonly empty: string
  readonly isCurrent: (row: Row) => boolean
  readonly open: (row: Row) => void
  readonly row: (row: Row) => ComponentChildren
}) => {
  const box = useRef<HTMLDivElement>(null)
  const anchor = useRef<Row["id"] | undefined>(undefined)
  const toFocus = useRef<number | undefined>(undefined)
  const active = useSignal<{ readonly index: number; readonly id: Row["id"] | undefined } | null>(null)
  const { text, window } = listing
  const { from = 0, rows = [], total = 0 } = window.value ?? {}
  const [first, end] = listing.seen.value

  const look = (): void => {
    if (box.current === null) return
    const { clientHeight, scrollTop } = box.current
    const [first, end] = [Math.floor(scrollTop / rowHeight), Math.ceil((scrollTop + clientHeight) / rowHeight)]
    const before = listing.seen.peek()
    if (first !== before[0] || end !== before[1]) listing.seen.value = [first, end]
  }

  useEffect(() => {
    listing.isShown.value = true
    const observer = new ResizeObserver(look)
    if (box.current !== null) observer.observe(box.current)
    look()
    return () => {
      observer.disconnect()
      listing.isShown.value = false
    }
  }, [])

  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0
    active.value = null
    anchor.current = undefined
    look()
  }, [text.value])

  // Rows that come above those that are seen leave these where they are.
  useLayoutEffect(() => {
    const place = rows.findIndex(({ id }) => id === anchor.current)
    const top = listing.seen.peek()[0]
    if (box.current !== null && place >= 0 && from + place !== top && box.current.scrollTop > 0) {
      box.current.scrollTop += (from + place - top) * rowHeight
    }
    const moved = rows.findIndex(({ id }) => id === active.peek()?.id)
    if (moved >= 0) active.value = { index: from + moved, id: active.peek()?.id }
    look()
  }, [window.value])

  useLayoutEffect(() => {
    anchor.current = rows[first - from]?.id
    if (toFocus.current === undefined) return
    const target = box.current?.querySelector<HTMLElement>(`[data-index="${toFocus.current}"]`)
    if (target === null || target === undefined) return
    toFocus.current = undefined
    target.focus({ preventScroll: true })
  })

  const move = (event: KeyboardEvent): void => {
    const from = active.value?.index ?? first
    const page = Math.max(1, end - first - 2)
    const steps: { readonly [key: string]: number } = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: total - 1
    }
    const step = steps[event.key]
    if (step === undefined || total === 0 || box.current === null) return
    event.preventDefault()
    focus(Math.max(0, Math.min(step, total - 1)))
  }

  const focus = (to: number): void => {
    if (box.current === null) return
    const { clientHeight, scrollTop } = box.current
    if (to * rowHeight < scrollTop) box.current.scrollTop = to * rowHeight
    if ((to + 1) * rowHeight > scrollTop + clientHeight) box.current.scrollTop = (to + 1) * rowHeight - clientHeight
    toFocus.current = to
    active.value = { index: to, id: listing.window.peek()?.rows[to - (listing.window.peek()?.from ?? 0)]?.id }
    look()
  }

  const indexes = Array.from(
    { length: Math.max(0, Math.min(end + margin, total) - Math.max(0, first - margin)) },
    (_, index) => Math.max(0, first - margin) + index
  )
  const chosen = active.value?.index ?? rows.findIndex(isCurrent) + from
  const entry = indexes.includes(chosen) ? chosen : Math.max(first, from)
  return (
    <div class="scroll list" ref={box} tabIndex={-1} onScroll={look} data-list={listing.name}>
      {window.value === null || total > 0
        ? null
        : <p class="empty">{text.value.trim() === "" ? empty : "Nothing is found."}</p>}
      {total === 0 ?
        null :
        (
          <ul class="rows" aria-label={label} style={{ height: `${total * rowHeight}px` }} onKeyDown={move}>
            {indexes.map((index) => {
              const shown = rows[index - from]
              return (
                <li
                  key={shown?.id ?? `at ${index}`}
                  style={{ transform: `translateY(${index * rowHeight}px)` }}
                  aria-posinset={index + 1}
                  aria-setsize={total}
                >
                  {shown === undefined ? <span class="row faint">…</span> : (
                    <button
                      type="button"
                      class="row"
                      data-index={index}
                      aria-current={isCurrent(shown) ? "true" : undefined}
                      tabIndex={index === entry ? 0 : -1}
                      onFocus={() => {
                        active.value = { index, id: shown.id }
                      }}
                      onClick={() => open(shown)}
                    >
                      {row(shown)}
                    </button>
                  )}
                </li>
              )
            })}
          </ul>
        )}
    </div>
  )
}
