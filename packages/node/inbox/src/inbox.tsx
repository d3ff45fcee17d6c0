import { render } from "preact"
import { announcement } from "./Act.ts"
import { Activity, draftsWaiting, faultsOn } from "./Activity.tsx"
import { link, selected, start } from "./Live.ts"
import { activity, go, pane } from "./Panes.ts"
import { People } from "./People.tsx"
import { Record, title } from "./Record.tsx"

const links = { connecting: "Connecting…", live: "Live", lost: "Connection lost. Trying again…" }

const Page = () => {
  const on = faultsOn()
  const waiting = draftsWaiting() ?? 0
  const panes = [["people", "Inbox"], ["record", title(selected.value)], ["activity", "Activity"]] as const
  return (
    <>
      <header class="top">
        <h1>
          LiveDesk <span>emulator</span>
        </h1>
        <p class={`link-state ${link.value}`} role="status">{links[link.value]}</p>
        {on === 0 ? null : (
          <button
            type="button"
            class="chip fault"
            onClick={() => {
              activity.value = "faults"
              go("activity")
            }}
          >
            {on === 1 ? "1 fault is on" : `${on} faults are on`}
          </button>
        )}
        {waiting === 0 ? null : (
          <button
            type="button"
            class="chip fault"
            onClick={() => {
              activity.value = "drafts"
              go("activity")
            }}
          >
            {waiting === 1 ? "1 draft waits" : `${waiting} drafts wait`}
          </button>
        )}
        <a href="/docs">API</a>
      </header>
      <nav aria-label="Panes">
        {panes.map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-current={pane.value === name ? "true" : undefined}
            onClick={() => {
              pane.value = name
            }}
          >
            {title}
          </button>
        ))}
      </nav>
      <main data-pane={pane.value}>
        <People />
        <Record />
        <Activity />
      </main>
      <p class="hidden" role="status">{announcement.value}</p>
    </>
  )
}

const root = document.getElementById("inbox")
if (root !== null) {
  render(<Page />, root)
  start()
}
