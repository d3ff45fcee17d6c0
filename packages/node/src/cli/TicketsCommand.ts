/**
 * `livedesk tickets`.
 *
 * @since 0.1.0
 */
import * as Tickets from "@effect-livedesk/core/Tickets"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as CommandOutput from "./CommandOutput.ts"
import { UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const text = (name: string, description: string): Flag.Flag<string | undefined> =>
  Flag.String(name).pipe(Flag.withDescription(description), LiveDeskCall.optional)

const ticketId = Argument.String("ticket").pipe(Argument.withDescription("The ticket's id"))

const content = {
  description: text("description", "The description, in Markdown"),
  priority: Flag.Literals("priority", ["low", "normal", "medium", "high", "urgent"]).pipe(
    Flag.withDescription("The urgency"),
    LiveDeskCall.optional
  ),
  ticketType: text("type", "The kind, such as incident"),
  customFields: Flag.KeyValuePair("field").pipe(
    Flag.withDescription("A field that the project defines, as name=value; may be given several times"),
    LiveDeskCall.optional
  )
}

const row = (ticket: Tickets.Ticket): CommandOutput.Row => ({
  id: ticket.ticketId,
  title: ticket.title,
  status: ticket.status,
  priority: ticket.priority,
  type: ticket.ticketType,
  description: ticket.description
})

const create = Command.make(
  "create",
  {
    title: Flag.String("title").pipe(Flag.withDescription("The title")),
    ...content,
    requester: text("requester", "The requester, by the id in your own system"),
    assignmentTeam: text("team", "The name of the team to assign it to")
  },
  ({ requester, ...input }) =>
    LiveDeskCall.perform(
      Tickets.Tickets.use((tickets) =>
        tickets.create({ ...input, ...(requester === undefined ? {} : { requester: { euid: requester } }) })
      ),
      ({ ticketId }): CommandOutput.Row => ({ id: ticketId })
    )
).pipe(
  Command.withDescription("Create a ticket"),
  Command.withExamples([{
    command: "livedesk tickets create --title \"The printer is on fire\" --priority high",
    description: "Create a ticket"
  }])
)

const get = Command.make(
  "get",
  { ticketId },
  (input) => LiveDeskCall.perform(Tickets.Tickets.use((tickets) => tickets.get(input)), row)
).pipe(
  Command.withDescription("Read a ticket"),
  Command.withExamples([{ command: "livedesk tickets get TICKET-1 --json", description: "Print all of it as JSON" }])
)

const update = Command.make(
  "update",
  {
    ticketId,
    title: text("title", "The title"),
    ...content,
    tags: Flag.String("tag").pipe(Flag.withDescription("A tag; may be given several times"), Flag.atLeast(0))
  },
  Effect.fnUntraced(function*({ tags, ticketId, ...given }) {
    const changes = { ...given, ...(tags.length === 0 ? {} : { tags }) }
    if (Object.values(changes).every(Predicate.isUndefined)) {
      return yield* new UsageError({ message: "give at least one change, such as --priority" })
    }
    yield* LiveDeskCall.perform(
      Tickets.Tickets.use((tickets) => tickets.update({ ticketId, ...changes })),
      () => ({ id: ticketId })
    )
  })
).pipe(
  Command.withDescription("Change the given fields of a ticket"),
  Command.withExamples([{
    command: "livedesk tickets update TICKET-1 --priority urgent --tag fire",
    description: "Change the urgency and the tags"
  }])
)

/**
 * The commands about tickets.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("tickets").pipe(
  Command.withDescription("Create, read and update tickets"),
  Command.withSubcommands([create, get, update])
)
