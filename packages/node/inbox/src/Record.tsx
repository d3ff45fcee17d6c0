import { Contact } from "./Contact.tsx"
import { Conversation } from "./Conversation.tsx"
import { type Choice, selected, view } from "./Live.ts"
import { NewTicket, Ticket } from "./Ticket.tsx"

/** The name of what is looked at. */
export const title = (choice: Choice | null): string =>
  choice === null ? "Conversation" : choice._tag === "NewTicket" ? "Ticket" : choice._tag

const Opened = () => {
  const known = view.value
  const choice = selected.value
  if (choice?._tag === "NewTicket") return <NewTicket />
  const opened = known?.opened ?? null
  if (choice === null || known === null || opened?._tag !== choice._tag || String(opened.id) !== choice.id) {
    return <Unopened />
  }
  switch (opened._tag) {
    case "Conversation":
      return <Conversation conversation={opened} messages={known.messages} />
    case "Contact":
      return <Contact key={opened.id} contact={opened} />
    case "Ticket":
      return <Ticket key={opened.id} ticket={opened} />
  }
}

const Unopened = () => {
  const choice = selected.value
  const known = view.value
  const isLoading = known === null || known.opened !== null
  const sign = choice?._tag === "Ticket" ? " " : " #"
  return (
    <>
      <h2 id="record-heading" class="hidden" tabIndex={-1}>{title(choice)}</h2>
      <p class="empty middle">
        {choice === null
          ? "Choose a conversation, a contact or a ticket to see all of it here."
          : isLoading
          ? "Loading…"
          : `There is no ${title(choice).toLowerCase()}${sign}${choice.id}.`}
      </p>
    </>
  )
}

export const Record = () => (
  <section class="pane record" aria-labelledby="record-heading">
    <Opened />
  </section>
)
