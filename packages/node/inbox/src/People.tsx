import type { ContactView, ConversationView } from "../../src/internal/InboxView.ts"
import { select, selected, view } from "./Live.ts"
import { go, people } from "./Panes.ts"
import { Rows } from "./Rows.tsx"
import { Tabs } from "./Tabs.tsx"
import { Time } from "./Time.tsx"

const open = (id: number): void => {
  select(id)
  go("conversation")
}

const prefixes = { contact: "", agent: "Agent: ", note: "Note: " }

const ConversationRow = ({ conversation, isEntry }: {
  readonly conversation: ConversationView
  readonly isEntry: boolean
}) => {
  const { id, inbox, last, lastActivityAt, name, status, unread } = conversation
  return (
    <li>
      <button
        type="button"
        class="row"
        aria-current={selected.value === id ? "true" : undefined}
        tabIndex={isEntry ? 0 : -1}
        onClick={() => open(id)}
      >
        <span class="line">
          <bdi class="name">{name === "" ? `Contact of #${id}` : name}</bdi>
          <Time at={lastActivityAt} />
        </span>
        <span class="line">
          <bdi class="cut">
            {last === null ? "No messages yet" : `${prefixes[last.from]}${last.text || "(a file)"}`}
          </bdi>
          {unread > 0
            ? (
              <span class="unread" title="unread">
                {unread}
                <span class="hidden">unread</span>
              </span>
            )
            : null}
        </span>
        <span class="line small">
          <span>
            #{id} · <bdi>{inbox}</bdi>
          </span>
          <span class={`chip ${status}`}>{status}</span>
        </span>
      </button>
    </li>
  )
}

const Conversations = () => {
  const { conversations, counts } = view.value ?? { conversations: [], counts: { conversations: 0 } }
  if (conversations.length === 0) {
    return <p class="empty">No conversations yet. The first that your program creates appears here.</p>
  }
  const entry = conversations.some(({ id }) => id === selected.value) ? selected.value : conversations[0]?.id
  return (
    <>
      <Rows label="Conversations, the latest first">
        {conversations.map((conversation) => (
          <ConversationRow key={conversation.id} conversation={conversation} isEntry={conversation.id === entry} />
        ))}
      </Rows>
      <Rest shown={conversations.length} of={counts.conversations} />
    </>
  )
}

const ContactRow = ({ contact, isEntry }: { readonly contact: ContactView; readonly isEntry: boolean }) => {
  const { blocked, conversationId, createdAt, email, id, identifier, name, phone } = contact
  const known = [email, phone, identifier].filter((text) => text !== "")
  const about = (
    <>
      <span class="line">
        <bdi class="name">{name === "" ? "(no name)" : name}</bdi>
        <Time at={createdAt} />
      </span>
      <span class="line small">
        <bdi class="cut">
          {known.length === 0 ? "Neither e-mail address, phone number nor identifier" : known.join(" · ")}
        </bdi>
      </span>
      <span class="line small">
        <span>#{id}{conversationId === null ? "" : ` · conversation #${conversationId}`}</span>
        {blocked ? <span class="chip closed">blocked</span> : null}
      </span>
    </>
  )
  return (
    <li>
      {conversationId === null
        ? <div class="row" tabIndex={isEntry ? 0 : -1}>{about}</div>
        : (
          <button type="button" class="row" tabIndex={isEntry ? 0 : -1} onClick={() => open(conversationId)}>
            {about}
          </button>
        )}
    </li>
  )
}

const Contacts = () => {
  const { contacts, counts } = view.value ?? { contacts: [], counts: { contacts: 0 } }
  if (contacts.length === 0) return <p class="empty">No contacts yet.</p>
  return (
    <>
      <Rows label="Contacts, the newest first">
        {contacts.map((contact, index) => <ContactRow key={contact.id} contact={contact} isEntry={index === 0} />)}
      </Rows>
      <Rest shown={contacts.length} of={counts.contacts} />
    </>
  )
}

const Rest = ({ of, shown }: { readonly shown: number; readonly of: number }) =>
  of > shown ? <p class="empty">The latest {shown} of {of.toLocaleString("en")}.</p> : null

export const People = () => {
  const { contacts = 0, conversations = 0 } = view.value?.counts ?? {}
  return (
    <section class="pane people" aria-labelledby="people-heading">
      <h2 id="people-heading" class="hidden" tabIndex={-1}>Conversations and contacts</h2>
      <Tabs
        label="Conversations and contacts"
        at={people}
        of={[
          { name: "conversations", title: "Conversations", count: conversations },
          { name: "contacts", title: "Contacts", count: contacts }
        ]}
      />
      <div
        class="scroll"
        role="tabpanel"
        id={`panel-${people.value}`}
        aria-labelledby={`tab-${people.value}`}
        tabIndex={-1}
      >
        {people.value === "conversations" ? <Conversations /> : <Contacts />}
      </div>
    </section>
  )
}
