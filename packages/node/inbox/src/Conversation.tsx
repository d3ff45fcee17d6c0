import { useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import type { MessageView, OpenedView } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { selected, view } from "./Live.ts"
import { Time } from "./Time.tsx"

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
const Messages = ({ conversation: { earlier, id, messages } }: { readonly conversation: OpenedView }) => {
  const list = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const last = messages.at(-1)?.id
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
      {messages.length === 0 ? <p class="empty">No messages yet.</p> : null}
      <ol>{messages.map((message) => <Message key={message.id} message={message} />)}</ol>
    </div>
  )
}

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
        placeholder="Write a message; Ctrl+Enter sends it"
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

const Moves = ({ conversation: { id, moves } }: { readonly conversation: OpenedView }) => {
  const problem = useSignal<string | undefined>(undefined)
  return (
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
      {problem.value === undefined ? null : <p class="problem" role="alert">{problem.value}</p>}
    </div>
  )
}

const Opened = ({ conversation }: { readonly conversation: OpenedView }) => {
  const { contactId, email, id, inbox, name, phone, snoozedUntil, status } = conversation
  return (
    <>
      <header class="head">
        <div class="line">
          <h2 id="conversation-heading" tabIndex={-1}>
            <bdi>{name === "" ? `Conversation #${id}` : name}</bdi>
          </h2>
          <span class={`chip ${status}`} data-status>{status}</span>
        </div>
        <p class="small">
          #{id} · <bdi>{inbox}</bdi> · contact #{contactId}
          {email === "" ? null : (
            <>
              {" · "}
              <bdi>{email}</bdi>
            </>
          )}
          {phone === "" ? null : (
            <>
              {" · "}
              <bdi>{phone}</bdi>
            </>
          )}
          {snoozedUntil === null ? null : (
            <>
              {" · until "}
              <Time at={snoozedUntil} />
            </>
          )}
        </p>
        <Moves key={id} conversation={conversation} />
      </header>
      <Messages conversation={conversation} />
      <Composer key={id} id={id} />
    </>
  )
}

const Unopened = () => {
  const id = selected.value
  const isLoading = id !== null && (view.value === null || (view.value.conversation?.id ?? id) !== id)
  return (
    <>
      <h2 id="conversation-heading" class="hidden" tabIndex={-1}>Conversation</h2>
      <p class="empty">
        {id === null
          ? "Choose a conversation to read it, and to reply as an agent."
          : isLoading
          ? "Loading…"
          : `There is no conversation #${id}.`}
      </p>
    </>
  )
}

export const Conversation = () => {
  const conversation = view.value?.conversation
  return (
    <section class="pane conversation" aria-labelledby="conversation-heading">
      {conversation !== null && conversation !== undefined && conversation.id === selected.value
        ? <Opened conversation={conversation} />
        : <Unopened />}
    </section>
  )
}
