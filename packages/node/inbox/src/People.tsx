import { useEffect, useRef } from "preact/hooks"
import type { ContactView, ConversationView, TicketView } from "../../src/internal/InboxView.ts"
import { List } from "./List.tsx"
import { listings } from "./Listing.ts"
import { isSelected, select, selected, view } from "./Live.ts"
import { go, people } from "./Panes.ts"
import { Tabs } from "./Tabs.tsx"
import { Time } from "./Time.tsx"

const prefixes = { contact: "", agent: "Agent: ", note: "Note: " }

/** A conversation in a list. */
export const ConversationRow = ({ conversation }: { readonly conversation: ConversationView }) => {
  const { id, inbox, last, lastActivityAt, name, status, unread } = conversation
  return (
    <>
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
        <span class="cut">
          #{id} · <bdi>{inbox}</bdi>
        </span>
        <span class={`chip ${status}`}>{status}</span>
      </span>
    </>
  )
}

const ContactRow = ({ contact }: { readonly contact: ContactView }) => {
  const { blocked, createdAt, email, id, identifier, name, phone } = contact
  const known = [email, phone, identifier].filter((text) => text !== "")
  return (
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
        <span>#{id}</span>
        {blocked ? <span class="chip blocked">blocked</span> : null}
      </span>
    </>
  )
}

const TicketRow = ({ ticket: { id, priority, requester, status, title } }: { readonly ticket: TicketView }) => (
  <>
    <span class="line">
      <bdi class="name">{title === "" ? "(no title)" : title}</bdi>
      <span class={`priority ${priority}`}>{priority}</span>
    </span>
    <span class="line small">
      <bdi class="cut">{requester === "" ? "No requester" : requester}</bdi>
    </span>
    <span class="line small">
      <bdi class="cut">{id}</bdi>
      {status === "" ? null : <span class={`chip ${status}`}>{status}</span>}
    </span>
  </>
)

const open = (tag: "Conversation" | "Contact" | "Ticket", id: number | string): void => {
  select(tag, id)
  go("record")
}

const lists = {
  conversations: () => (
    <List
      listing={listings.conversations}
      label="Conversations, the latest first"
      empty="No conversations yet. The first that your program creates appears here."
      isCurrent={({ id }) => isSelected("Conversation", id)}
      open={({ id }) => open("Conversation", id)}
      row={(conversation) => <ConversationRow conversation={conversation} />}
    />
  ),
  contacts: () => (
    <List
      listing={listings.contacts}
      label="Contacts, the newest first"
      empty="No contacts yet. The first that your program creates appears here."
      isCurrent={({ id }) => isSelected("Contact", id)}
      open={({ id }) => open("Contact", id)}
      row={(contact) => <ContactRow contact={contact} />}
    />
  ),
  tickets: () => (
    <List
      listing={listings.tickets}
      label="Tickets"
      empty="No tickets yet. The first that your program creates appears here."
      isCurrent={({ id }) => isSelected("Ticket", id)}
      open={({ id }) => open("Ticket", id)}
      row={(ticket) => <TicketRow ticket={ticket} />}
    />
  )
}

const hints = {
  conversations: "Name, e-mail, #id, state, message",
  contacts: "Name, e-mail, phone, identifier, id",
  tickets: "Title, description, id"
}

const Search = () => {
  const name = people.value
  const { text, window } = listings[name]
  const field = useRef<HTMLInputElement>(null)
  const found = text.value.trim() === "" ? undefined : window.value?.total
  return (
    <div class="search" role="search">
      <input
        ref={field}
        type="search"
        key={name}
        aria-label={`Search ${name}`}
        placeholder={hints[name]}
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        onInput={({ currentTarget: { value } }) => {
          text.value = value
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return
          event.preventDefault()
          document.querySelector<HTMLElement>(`[data-list] [tabindex="0"]`)?.focus()
        }}
      />
      {name === "tickets"
        ? (
          <button
            type="button"
            onClick={() => {
              select("NewTicket")
              go("record")
            }}
          >
            New ticket
          </button>
        )
        : null}
      <p class="hidden" role="status">{found === undefined ? "" : `${found.toLocaleString("en")} found`}</p>
      {found === undefined
        ? null
        : <p class="small found" aria-hidden="true">{found.toLocaleString("en")} found</p>}
    </div>
  )
}

export const People = () => {
  const { contacts = 0, conversations = 0, tickets = 0 } = view.value?.counts ?? {}
  const Shown = lists[people.value]
  const tag = selected.value?._tag
  // A ticket that the address names is among its own.
  useEffect(() => {
    if (tag === "Contact") people.value = "contacts"
    if (tag === "Ticket" || tag === "NewTicket") people.value = "tickets"
  }, [])
  return (
    <section class="pane people" aria-labelledby="people-heading">
      <h2 id="people-heading" class="hidden" tabIndex={-1}>Conversations, contacts and tickets</h2>
      <Tabs
        label="Conversations, contacts and tickets"
        at={people}
        of={[
          { name: "conversations", title: "Conversations", count: conversations },
          { name: "contacts", title: "Contacts", count: contacts },
          { name: "tickets", title: "Tickets", count: tickets }
        ]}
      />
      <div class="panel" role="tabpanel" id={`panel-${people.value}`} aria-labelledby={`tab-${people.value}`}>
        <Search />
        <Shown key={people.value} />
      </div>
    </section>
  )
}
