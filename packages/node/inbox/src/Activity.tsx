import { useSignal } from "@preact/signals"
import type { DeliveryView, FaultsView } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { Drafts } from "./Drafts.tsx"
import { select, view } from "./Live.ts"
import { activity, go } from "./Panes.ts"
import { Requests } from "./Requests.tsx"
import { Tabs } from "./Tabs.tsx"
import { Time, took } from "./Time.tsx"
import { tone } from "./Tone.ts"

// ---------------------------------------------------------------------------------------------------------------------
// webhooks
// ---------------------------------------------------------------------------------------------------------------------

const Delivery = ({ delivery }: { readonly delivery: DeliveryView }) => {
  const { responseBody, at, conversationId, event, id, key, redelivered, status } = delivery
  const problem = useSignal<string | undefined>(undefined)
  return (
    <li class="delivery">
      <div class="line">
        <span>
          <span class={`status ${tone(status)}`}>{status ?? "no response"}</span> <b>{event}</b>
        </span>
        <button
          type="button"
          aria-label={`Resend ${event} ${id}`}
          onClick={async () => {
            problem.value = await act({ _tag: "Redeliver", key }, `${event} was sent again`)
          }}
        >
          Resend
        </button>
      </div>
      <p class="small">
        <Time at={at} /> · {took(delivery.took)} · {id}
        {redelivered ? " · sent again" : ""}
        {conversationId === null ? null : (
          <>
            {" · "}
            <button
              type="button"
              class="link"
              onClick={() => {
                select("Conversation", conversationId)
                go("record")
              }}
            >
              conversation #{conversationId}
            </button>
          </>
        )}
      </p>
      {responseBody === "" ? null : (
        <details>
          <summary>
            Response<span class="hidden">to {id}</span>
          </summary>
          <pre dir="auto">{responseBody}</pre>
        </details>
      )}
      {problem.value === undefined ? null : <p class="problem" role="alert">{problem.value}</p>}
    </li>
  )
}

const Webhooks = () => {
  const { deliveries, webhook } = view.value ?? { deliveries: [], webhook: null }
  if (webhook === null) {
    return (
      <p class="empty">
        No webhook is set. Start with <code>--webhook http://127.0.0.1:3000/livedesk</code>{" "}
        to have what happens delivered.
      </p>
    )
  }
  return (
    <>
      <p class="note small">
        To <bdi>{webhook}</bdi>
      </p>
      {deliveries.length === 0 ?
        <p class="empty">Nothing was delivered yet.</p> :
        (
          <ul class="deliveries" aria-label="Deliveries, the latest first">
            {deliveries.map((delivery) => <Delivery key={delivery.key} delivery={delivery} />)}
          </ul>
        )}
    </>
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// faults
// ---------------------------------------------------------------------------------------------------------------------

const shares = [[1, "every request"], [0.5, "one request in two"], [0.1, "one request in ten"]] as const

const Faults = () => {
  const problem = useSignal<string | undefined>(undefined)
  const current = view.value
  if (current === null) return null
  const { choices, rate, scripted } = current.faults
  const follow = async (faults: FaultsView, done: string) => {
    // Seen at once; the emulator's next event has the last word.
    view.value = { ...current, faults }
    const ids = faults.choices.filter(({ on }) => on).map(({ id }) => id)
    problem.value = await act({ _tag: "Faults", ids, rate: faults.rate }, done)
    if (problem.value !== undefined && view.value !== null) view.value = { ...view.value, faults: current.faults }
  }
  const set = (on: (id: string) => boolean | undefined, done: string) =>
    follow({
      choices: choices.map((choice) => ({ ...choice, on: on(choice.id) ?? choice.on })),
      rate,
      scripted: false
    }, done)
  const count = choices.filter(({ on }) => on).length
  return (
    <form class="faults" onSubmit={(event) => event.preventDefault()}>
      {scripted
        ? <p class="warning">A program has set faults of its own. What you choose here takes their place.</p>
        : null}
      <fieldset>
        <legend>What requests meet</legend>
        {choices.map(({ id, label, on }) => (
          <label key={id} class="choice">
            <input
              type="checkbox"
              checked={on}
              onChange={({ currentTarget: { checked } }) =>
                void set((other) => other === id ? checked : undefined, `${label}: ${checked ? "on" : "off"}`)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <div class="bar">
        <label>
          By{" "}
          <select
            value={String(rate)}
            onChange={({ currentTarget: { value } }) =>
              void follow({ choices, rate: Number(value), scripted: false }, "The share is changed")}
          >
            {shares.some(([share]) => share === rate) ? null : <option value={String(rate)}>{rate * 100} %</option>}
            {shares.map(([share, title]) => <option key={share} value={String(share)}>{title}</option>)}
          </select>
        </label>
        <button
          type="button"
          aria-disabled={count === 0 && !scripted}
          onClick={() => void set(() => false, "All faults are off")}
        >
          All off
        </button>
      </div>
      {problem.value === undefined ? null : <p class="problem" role="alert">{problem.value}</p>}
      <p class="small note">
        Of several, each meets as many requests as the others. A program under test sets them by{" "}
        <code>Faults.setPlan</code>.
      </p>
    </form>
  )
}

const panels = { requests: Requests, webhooks: Webhooks, faults: Faults, drafts: Drafts }

export const faultsOn = (): number => {
  const faults = view.value?.faults
  return faults === undefined ? 0 : faults.choices.filter(({ on }) => on).length || (faults.scripted ? 1 : 0)
}

/** How many drafts wait; null without an agent's store. */
export const draftsWaiting = (): number | null => {
  const drafts = view.value?.drafts ?? null
  return drafts === null ? null : drafts.rows.length + drafts.more
}

export const Activity = () => {
  const Panel = panels[activity.value]
  const on = faultsOn()
  const waiting = draftsWaiting()
  return (
    <section class="pane activity" aria-labelledby="activity-heading">
      <h2 id="activity-heading" class="hidden" tabIndex={-1}>Activity</h2>
      <Tabs
        label="Activity"
        at={activity}
        of={[
          { name: "requests", title: "Requests" },
          { name: "webhooks", title: "Webhooks" },
          { name: "faults", title: "Faults", ...(on === 0 ? {} : { count: on }) },
          ...(waiting === null ? [] : [{ name: "drafts", title: "Drafts", count: waiting } as const])
        ]}
      />
      <div
        class="scroll"
        role="tabpanel"
        id={`panel-${activity.value}`}
        aria-labelledby={`tab-${activity.value}`}
        tabIndex={0}
      >
        <Panel />
      </div>
    </section>
  )
}
