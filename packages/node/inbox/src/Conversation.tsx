import { useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import type { MessageView, OpenedConversation } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { DraftMessage, draftsOf } from "./Drafts.tsx"
import { select } from "./Live.ts"
import { Snooze } from "./Snooze.tsx"
import { Moment, Time } from "./Time.tsx"

const writers = { contact: "Customer", agent: "Agent", note: "Note for agents" }

const Message = ({ message: { at, files, from, id, text } }: { readonly message: MessageView }) => (
  <li class={`message ${from}`}>
    <p class="small">
      <span>{writers[from]}</span> <Time at={at} /> <span class="faint">#{id}</span>
    </p>
    {text === "" ? null : <p class="text" dir="auto">{text}</p>}
    {files.map((file) => (
      <p key={file.id}>
        <a class="file" href={`/attachments/${file.id}/file`} download>
          <bdi>{file.name === "" ? "file" : file.name}</bdi> ({file.size.toLocaleString("en")} bytes)
        </a>
      </p>
    ))}
  </li>
)

/** Stays at the end while the end is seen. */
const Messages = ({ conversation: { earlier, id }, messages }: {
  readonly conversation: OpenedConversation
  readonly messages: ReadonlyArray<MessageView>
}) => {
  const list = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const drafts = draftsOf(id)
  const last = `${messages.at(-1)?.id} ${drafts.at(-1)?.id}`
  useLayoutEffect(() => {
    atEnd.current = true
  }, [id])
  useLayoutEffect(() => {
    if (atEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight
  }, [id, last])
  return (
    <div
      class="scroll thread"
      ref={list}
      tabIndex={0}
      role="region"
      aria-label="Messages"
      onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40
      }}
    >
      {earlier > 0 ? <p class="empty">{earlier.toLocaleString("en")} earlier messages are not shown.</p> : null}
      {messages.length + drafts.length === 0 ? <p class="empty">No messages yet.</p> : null}
      <ol>
        {messages.map((message) => <Message key={message.id} message={message} />)}
        {drafts.map((draft) => <DraftMessage key={`draft ${draft.id}`} draft={draft} />)}
      </ol>
    </div>
  )
}

/** A finger comes with no Ctrl key. */
const hasKeyboard = !matchMedia("(pointer: coarse)").matches

const drafts = new Map<number, string>()

const Composer = ({ id }: { readonly id: number }) => {
  const as = useSignal<"agent" | "note" | "contact">("agent")
  const problem = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const text = useRef<HTMLTextAreaElement>(null)
  const send = async () => {
    const content = text.current?.value ?? ""
    if (busy.value || content.trim() === "") return
    busy.value = true
    problem.value = await act(
      as.value === "contact"
        ? { _tag: "Receive", conversationId: id, content }
        : { _tag: "Reply", conversationId: id, content, private: as.value === "note" },
      "Sent"
    )
    busy.value = false
    if (problem.value !== undefined) return
    drafts.delete(id)
    if (text.current?.value === content) text.current.value = ""
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        void send()
      }}
    >
      {problem.value === undefined ? null : <p class="problem" role="alert">Not sent: {problem.value}</p>}
      <label class="hidden" for="message">Message</label>
      <textarea
        id="message"
        ref={text}
        rows={2}
        dir="auto"
        placeholder={hasKeyboard ? "Write a message; Ctrl+Enter sends it" : "Write a message"}
        defaultValue={drafts.get(id) ?? ""}
        onInput={({ currentTarget }) => drafts.set(id, currentTarget.value)}
      />
      <div class="bar">
        <label>
          As{" "}
          <select
            value={as.value}
            onChange={({ currentTarget: { value } }) => {
              as.value = value === "note" || value === "contact" ? value : "agent"
            }}
          >
            <option value="agent">agent, to the customer</option>
            <option value="note">agent, a note for agents</option>
            <option value="contact">the customer</option>
          </select>
        </label>
        <button type="submit" class="main" aria-disabled={busy.value}>Send</button>
      </div>
    </form>
  )
}

const Moves = ({ conversation: { id, moves, status } }: { readonly conversation: OpenedConversation }) => {
  const problem = useSignal<string | undefined>(undefined)
  const snoozes = useSignal(false)
  const canSnooze = status === "snoozed" || moves.includes("snoozed")
  return (
    <>
      <div class="moves" role="group" aria-label="Change the status">
        <span class="small" aria-hidden="true">Set to</span>
        {moves.map((status) => (
          <button
            key={status}
            type="button"
            onClick={async () => {
              problem.value = await act(
                { _tag: "ToggleStatus", conversationId: id, status: status as "open" },
                `The conversation is ${status}`
              )
            }}
          >
            <span class="hidden">Set to</span>
            {status}
          </button>
        ))}
        {canSnooze
          ? (
            <button
              type="button"
              aria-expanded={snoozes.value}
              onClick={() => {
                snoozes.value = !snoozes.value
              }}
            >
              Snooze until…
            </button>
          )
          : null}
      </div>
      {canSnooze && snoozes.value
        ? (
          <Snooze
            id={id}
            done={() => {
              snoozes.value = false
              document.getElementById("record-heading")?.focus()
            }}
          />
        )
        : null}
      {problem.value === undefined ? null : <p class="problem" role="alert">{problem.value}</p>}
    </>
  )
}

/** The head of a conversation, its messages, and what an agent or the customer writes. */
export const Conversation = ({ conversation, messages }: {
  readonly conversation: OpenedConversation
  readonly messages: ReadonlyArray<MessageView>
}) => {
  const { contactId, email, id, inbox, name, phone, snoozedUntil, status } = conversation
  return (
    <>
      <header class="head">
        <div class="line">
          <h2 id="record-heading" tabIndex={-1}>
            <bdi>{name === "" ? `Conversation #${id}` : name}</bdi>
          </h2>
          <span class={`chip ${status}`} data-status>{status}</span>
        </div>
        <p class="small">
          #{id} · <bdi>{inbox}</bdi> ·{" "}
          <button type="button" class="link" onClick={() => select("Contact", contactId)}>contact #{contactId}</button>
          {[email, phone].filter((text) => text !== "").map((text) => [" · ", <bdi key={text}>{text}</bdi>])}
        </p>
        {snoozedUntil === null ? null : (
          <p class="small">
            Snoozed until <Moment at={snoozedUntil} />
          </p>
        )}
        <Moves key={id} conversation={conversation} />
      </header>
      <Messages conversation={conversation} messages={messages} />
      <Composer key={id} id={id} />
    </>
  )
}
