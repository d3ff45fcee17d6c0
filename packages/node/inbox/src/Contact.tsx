import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { OpenedContact } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { Fields } from "./Fields.tsx"
import { select, view } from "./Live.ts"
import { go } from "./Panes.ts"
import { ConversationRow } from "./People.tsx"
import { Moment } from "./Time.tsx"

const Start = ({ id }: { readonly id: number }) => {
  const inboxes = view.value?.inboxes ?? []
  const problem = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const text = useRef<HTMLTextAreaElement>(null)
  const inbox = useRef<HTMLSelectElement>(null)
  const start = async () => {
    if (busy.value) return
    busy.value = true
    problem.value = await act(
      {
        _tag: "StartConversation",
        contactId: id,
        inboxId: Number(inbox.current?.value),
        content: text.current?.value ?? ""
      },
      "The conversation is started",
      (conversation) => {
        select("Conversation", conversation)
        go("record")
      }
    )
    busy.value = false
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <h3>Start a conversation</h3>
      <label class="field">
        <span>Inbox</span>
        <select ref={inbox}>
          {inboxes.map(({ id, name }) => <option key={id} value={String(id)}>{name}</option>)}
        </select>
      </label>
      <label class="field">
        <span>First message, from an agent; may be empty</span>
        <textarea ref={text} rows={2} dir="auto" />
      </label>
      {problem.value === undefined ? null : <p class="problem" role="alert">Not started: {problem.value}</p>}
      <div class="bar">
        <button type="submit" class="main" aria-disabled={busy.value}>Start</button>
      </div>
    </form>
  )
}

/** A contact: its fields, its conversations, and another conversation with it. */
export const Contact = ({ contact }: { readonly contact: OpenedContact }) => {
  const { blocked, conversations, createdAt, customAttributes, email, id, identifier, lastActivityAt, more } = contact
  return (
    <>
      <header class="head">
        <div class="line">
          <h2 id="record-heading" tabIndex={-1}>
            <bdi>{contact.name === "" ? `Contact #${id}` : contact.name}</bdi>
          </h2>
          {blocked ? <span class="chip blocked">blocked</span> : null}
        </div>
        <p class="small">Contact #{id}</p>
      </header>
      <div class="scroll record-body" tabIndex={0} role="region" aria-label="Contact">
        <Fields
          of={[
            ["E-mail", email],
            ["Phone", contact.phone],
            ["Identifier", identifier],
            ["Created", <Moment key="created" at={createdAt} />],
            ["Last activity", lastActivityAt === null ? "" : <Moment key="activity" at={lastActivityAt} />],
            ...contact.sources.map(({ inbox, sourceId }) =>
              [`Source id, ${inbox}`, <code key="id">{sourceId}</code>] as const
            ),
            ["Custom attributes", customAttributes === "" ? "" : <pre key="custom" dir="auto">{customAttributes}</pre>]
          ]}
        />
        <h3>Conversations</h3>
        {conversations.length === 0 ?
          <p class="small">None yet.</p> :
          (
            <ul class="short" aria-label="Conversations of the contact, the latest first">
              {conversations.map((conversation) => (
                <li key={conversation.id}>
                  <button type="button" class="row" onClick={() => select("Conversation", conversation.id)}>
                    <ConversationRow conversation={conversation} />
                  </button>
                </li>
              ))}
            </ul>
          )}
        {more > 0 ? <p class="small">{more.toLocaleString("en")} earlier ones are not shown.</p> : null}
        <Start key={id} id={id} />
      </div>
    </>
  )
}
