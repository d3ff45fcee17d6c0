import type { Signal } from "@preact/signals"

/** As short as it must be for the tabs to have room on one line. */
const short = new Intl.NumberFormat("en", { notation: "compact" })

/** The parts of a pane, of which one is seen. */
export const Tabs = <Name extends string>({ at, label, of }: {
  readonly label: string
  readonly at: Signal<Name>
  readonly of: ReadonlyArray<{ readonly name: Name; readonly title: string; readonly count?: number }>
}) => {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    const to = of[(of.findIndex(({ name }) => name === at.value) + step + of.length) % of.length]
    if (step === 0 || to === undefined) return
    event.preventDefault()
    at.value = to.name
    document.getElementById(`tab-${to.name}`)?.focus()
  }
  return (
    <div role="tablist" aria-label={label} class="tabs" onKeyDown={move}>
      {of.map(({ count, name, title }) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={at.value === name}
          aria-controls={`panel-${name}`}
          tabIndex={at.value === name ? 0 : -1}
          onClick={() => {
            at.value = name
          }}
        >
          {title}
          {count === undefined ? null : (
            <>
              {" "}
              <span class="count" aria-hidden="true">{short.format(count)}</span>
              <span class="hidden">{count.toLocaleString("en")}</span>
            </>
          )}
        </button>
      ))}
    </div>
  )
}
