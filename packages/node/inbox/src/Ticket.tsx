import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { OpenedTicket } from "../../src/internal/InboxView.ts"
import { act } from "./Act.ts"
import { Fields } from "./Fields.tsx"
import { select } from "./Live.ts"

const priorities = ["low", "normal", "medium", "high", "urgent"]

interface Content {
  readonly title: string
  readonly description: string
  readonly priority: string
}

const Form = ({ changed, content, label, save }: {
  readonly content: Content
  readonly label: string
  /** Whether what is written differs from what is saved. */
  readonly changed: (isChanged: boolean) => void
  readonly save: (content: Content) => Promise<string | undefined>
}) => {
  const problem = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const title = useRef<HTMLInputElement>(null)
  const description = useRef<HTMLTextAreaElement>(null)
  const priority = useRef<HTMLSelectElement>(null)
  const submit = async () => {
    if (busy.value) return
    busy.value = true
    problem.value = await save({
      title: title.current?.value ?? "",
      description: description.current?.value ?? "",
      priority: priority.current?.value ?? ""
    })
    busy.value = false
    if (problem.value === undefined) changed(false)
  }
  return (
    <form
      class="form"
      onInput={() => changed(true)}
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <label class="field">
        <span>Title</span>
        <input type="text" ref={title} dir="auto" defaultValue={content.title} />
      </label>
      <label class="field">
        <span>Description, in Markdown</span>
        <textarea ref={description} rows={5} dir="auto" defaultValue={content.description} />
      </label>
      <label class="field">
        <span>Priority</span>
        <select ref={priority}>
          {[...new Set([...priorities, content.priority])].map((name) => (
            <option key={name} value={name} selected={name === content.priority}>{name}</option>
          ))}
        </select>
      </label>
      {problem.value === undefined ? null : <p class="problem" role="alert">Not saved: {problem.value}</p>}
      <div class="bar">
        <button type="submit" class="main" aria-disabled={busy.value}>{label}</button>
      </div>
    </form>
  )
}

/** The form of a ticket that is still to be created. */
export const NewTicket = () => (
  <>
    <header class="head">
      <h2 id="record-heading" tabIndex={-1}>New ticket</h2>
    </header>
    <div class="scroll record-body" tabIndex={0} role="region" aria-label="New ticket">
      <Form
        content={{ title: "", description: "", priority: "normal" }}
        label="Create"
        changed={() => {}}
        save={(content) =>
          act({ _tag: "CreateTicket", ...content }, "The ticket is created", (id) => select("Ticket", id))}
      />
    </div>
  </>
)

/** A ticket, which can be changed. */
export const Ticket = ({ ticket }: { readonly ticket: OpenedTicket }) => {
  const { customFields, description, id, isWhole, kind, priority, requester, status, tags, team, title } = ticket
  // What a program changes meanwhile does not take away what is being written.
  const written = useSignal(false)
  const content = useRef({ title, description, priority })
  if (!written.value) content.current = { title, description, priority }
  return (
    <>
      <header class="head">
        <div class="line">
          <h2 id="record-heading" tabIndex={-1}>
            <bdi>{title === "" ? "(no title)" : title}</bdi>
          </h2>
          {status === "" ? null : <span class={`chip ${status}`}>{status}</span>}
        </div>
        <p class="small">
          Ticket <bdi>{id}</bdi>
        </p>
      </header>
      <div class="scroll record-body" tabIndex={0} role="region" aria-label="Ticket">
        {isWhole
          ? (
            <Form
              key={JSON.stringify(content.current)}
              content={content.current}
              label="Save"
              changed={(isChanged) => {
                written.value = isChanged
              }}
              save={(content) => act({ _tag: "UpdateTicket", ticketId: id, ...content }, "The ticket is saved")}
            />
          )
          : (
            <>
              <p class="text" dir="auto">{description}</p>
              <p class="small">It is too long to be changed here.</p>
            </>
          )}
        <h3>Fields</h3>
        <Fields
          of={[
            ["Type", kind],
            ["Requester", requester],
            ["Team", team],
            ["Tags", tags.join(", ")],
            ["Custom fields", customFields === "" ? "" : <pre key="custom" dir="auto">{customFields}</pre>]
          ]}
        />
      </div>
    </>
  )
}
