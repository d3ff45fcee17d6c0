import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { DraftView } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { Fields } from "./Fields.tsx"
import { select, view } from "./Live.ts"
import { go } from "./Panes.ts"
import { Time } from "./Time.tsx"

type Decision = "send" | "discard" | "processed" | "not-processed"

const states: { readonly [state: string]: string } = {
  Drafted: "draft",
  Begun: "in flight",
  Unknown: "outcome unknown"
}

const stateOf = ({ state }: DraftView): string => states[state] ?? state

const done = { send: "sent", discard: "discarded", processed: "resolved", "not-processed": "resolved" }

/** What an agent asked for and was not done, and what a person may decide about it. */
const Decide = (
  { draft: { conversationId, id, problem, state, tool } }: { readonly draft: DraftView }
) => {
  const wrong = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const started = useRef<HTMLInputElement>(null)
  const button = (decision: Decision, title: string, kind = "") => (
    <button
      type="button"
      class={kind}
      aria-label={`${title}: draft ${id}`}
      aria-disabled={busy.value}
      onClick={async () => {
        if (busy.value) return
        busy.value = true
        const given = started.current?.value.trim() ?? ""
        wrong.value = /^\d*$/.test(given)
          ? await act(
            { _tag: "DecideDraft", id, decision, ...(given === "" ? {} : { conversationId: Number(given) }) },
            `Draft ${id} is ${done[decision]}`
          )
          : "The number of a conversation has digits alone."
        busy.value = false
      }}
    >
      {title}
    </button>
  )
  return (
    <>
      {wrong.value === undefined
        ? problem === "" ? null : <p class="problem">{problem}</p>
        : <p class="problem" role="alert">{wrong.value}</p>}
      {state === "Drafted"
        ? (
          <div class="bar">
            {button("discard", "Discard")}
            {button("send", "Send", "main")}
          </div>
        )
        : (
          <>
            <p class="small">
              LiveDesk may have done it, and nothing sends it again. Look for it, then choose. While it may be in
              flight, for 15 minutes, this is refused.
            </p>
            {tool === "start_conversation" && conversationId === null
              ? (
                <label class="field">
                  <span>The conversation that was started, by its number</span>
                  <input inputMode="numeric" ref={started} />
                </label>
              )
              : null}
            <div class="bar">
              {button("not-processed", "Not processed")}
              {button("processed", "Processed")}
            </div>
          </>
        )}
    </>
  )
}

const Draft = ({ draft }: { readonly draft: DraftView }) => {
  const { askedAt, contactId, conversationId, fields, id, text, tool } = draft
  const link = (tag: "Conversation" | "Contact", id: number) => (
    <>
      {" · "}
      <button
        type="button"
        class="link"
        onClick={() => {
          select(tag, id)
          go("record")
        }}
      >
        {tag.toLowerCase()} #{id}
      </button>
    </>
  )
  return (
    <li data-draft={id}>
      <div class="line">
        <span>
          <b>{tool}</b> <span class="faint">#{id}</span>
        </span>
        <span class="chip unsent">{stateOf(draft)}</span>
      </div>
      <p class="small">
        <Time at={askedAt} />
        {conversationId === null ? null : link("Conversation", conversationId)}
        {contactId === null ? null : link("Contact", contactId)}
      </p>
      <details>
        <summary>
          <span class="hidden">Open {id}:</span>
          <bdi class="cut">{text === "" ? fields.map(([name, value]) => `${name}: ${value}`).join(", ") : text}</bdi>
        </summary>
        {text === "" ? null : <p class="text" dir="auto">{text}</p>}
        {fields.length === 0 ? null : <Fields of={fields} />}
        <Decide draft={draft} />
      </details>
    </li>
  )
}

/** All that an agent asked for and waits for a person. */
export const Drafts = () => {
  const { more = 0, problem = null, rows = [] } = view.value?.drafts ?? {}
  return (
    <>
      {problem === null ? null : <p class="problem note" role="alert">{problem}</p>}
      {rows.length === 0
        ? <p class="empty">Nothing waits. What an agent drafts appears here, and is not sent before you send it.</p>
        : (
          <ul class="deliveries" aria-label="Drafts, the oldest first">
            {rows.map((draft) => <Draft key={draft.id} draft={draft} />)}
          </ul>
        )}
      {more > 0 ? <p class="note">{more.toLocaleString("en")} later ones are not shown.</p> : null}
    </>
  )
}

/** The messages of a conversation that an agent asked for. */
export const draftsOf = (conversation: number): ReadonlyArray<DraftView> =>
  (view.value?.drafts?.rows ?? []).filter(({ conversationId, text }) => conversationId === conversation && text !== "")

const marks: { readonly [state: string]: string } = {
  Drafted: "Draft, not sent",
  Begun: "In flight",
  Unknown: "May have been sent"
}

/** A message that an agent asked for, where it would be in its conversation. */
export const DraftMessage = ({ draft }: { readonly draft: DraftView }) => (
  <li class="message unsent" data-draft={draft.id}>
    <p class="small">
      <b>{marks[draft.state] ?? draft.state}</b>{" "}
      <span>{draft.tool === "leave_note" ? "Note for agents" : "To the customer"}</span> <Time at={draft.askedAt} />
      {" "}
      <span class="faint">draft #{draft.id}</span>
    </p>
    <p class="text" dir="auto">{draft.text}</p>
    <Decide draft={draft} />
  </li>
)
