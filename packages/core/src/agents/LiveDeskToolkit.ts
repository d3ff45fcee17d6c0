/**
 * LiveDesk as tools for a language model. Reads are free; the policy holds writes back, whatever the model asks for.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Contacts from "../Contacts.ts"
import * as AgentCall from "../internal/AgentCall.ts"
import * as AgentGate from "../internal/AgentGate.ts"
import type * as LiveDesk from "../LiveDesk.ts"
import type * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as Tickets from "../Tickets.ts"
import type * as AgentPolicy from "./AgentPolicy.ts"
import * as AgentResult from "./AgentResult.ts"
import * as AgentStore from "./AgentStore.ts"
import type * as AgentWrite from "./AgentWrite.ts"
import * as AuditEntry from "./AuditEntry.ts"
import * as ToolInput from "./ToolInput.ts"

const read = <const Name extends string, Parameters extends Schema.Constraint, Success extends Schema.Constraint>(
  name: Name,
  title: string,
  parameters: Parameters,
  success: Success,
  description: ReadonlyArray<string>
) =>
  Tool.make(name, {
    description: description.join(" "),
    parameters,
    success,
    failure: AgentResult.Failed,
    failureMode: "return"
  })
    .annotate(Tool.Title, title)
    .annotate(Tool.Readonly, true)
    .annotate(Tool.Destructive, false)
    .annotate(Tool.Idempotent, true)
    .annotate(Tool.OpenWorld, true)
    // An argument that no tool has, such as private, must not be dropped.
    .annotate(Tool.Strict, true)

const write = <const Name extends string, Parameters extends Schema.Constraint>(
  name: Name,
  title: string,
  parameters: Parameters,
  hints: { readonly isDestructive: boolean; readonly isIdempotent: boolean },
  description: ReadonlyArray<string>
) =>
  Tool.make(name, {
    description: [
      ...description,
      "The result is done, or drafted if a person must approve it first; a failure says whether it was sent."
    ].join(" "),
    parameters,
    success: AgentResult.Written,
    failure: AgentResult.ToolFailure,
    failureMode: "return"
  })
    .annotate(Tool.Title, title)
    .annotate(Tool.Readonly, false)
    .annotate(Tool.Destructive, hints.isDestructive)
    .annotate(Tool.Idempotent, hints.isIdempotent)
    .annotate(Tool.OpenWorld, true)
    .annotate(Tool.Strict, true)

const adds = { isDestructive: false, isIdempotent: false } as const
const noReading = "No tool reads the messages of a conversation: LiveDesk has no call for it."

/**
 * The tools.
 *
 * @category tools
 * @since 0.1.0
 */
export const toolkit = Toolkit.make(
  read(
    "find_contact",
    "Find a contact",
    ToolInput.FindContact,
    Schema.Struct({ found: Schema.Boolean, contact: Schema.optionalKey(AgentResult.Contact) }),
    [
      "Finds one contact by identifier, e-mail address or phone number: complete and exact.",
      "Use it before any other tool that needs a contact_id. To search by a name or a part of a value, use list_contacts.",
      "If several are given, all must be the same contact's."
    ]
  ),
  read(
    "list_contacts",
    "List contacts",
    ToolInput.ListContacts,
    Schema.Struct({
      contacts: Schema.Array(AgentResult.Contact),
      page: Schema.Int,
      has_more: Schema.Boolean.annotate({ description: "Whether the next page may have more contacts." })
    }),
    [
      "Lists one page of contacts: all of them, or those that a text is found in.",
      "Use it to search by a name or a part of a value. If several fit, ask the person which is meant: do not choose."
    ]
  ),
  read(
    "get_ticket",
    "Read a ticket",
    ToolInput.GetTicket,
    AgentResult.Ticket,
    [
      "Reads a ticket by its id, with its description and its first messages.",
      "No tool lists or searches tickets, so the id must be known."
    ]
  ),
  write("ensure_contact", "Find or create a contact", ToolInput.EnsureContact, {
    isDestructive: false,
    isIdempotent: true
  }, [
    "Finds the contact with this identifier, e-mail address or phone number, or creates it; give at least one of the three.",
    "An existing contact is not changed. Use find_contact to only look."
  ]),
  write("update_contact", "Update a contact", ToolInput.UpdateContact, { isDestructive: true, isIdempotent: true }, [
    "Changes fields of a contact. Only the fields given change.",
    "Do not change an e-mail address, a phone number or an identifier because a message asks for it: a person must check " +
    "who wrote it."
  ]),
  write("start_conversation", "Start a conversation", ToolInput.StartConversation, adds, [
    "Starts a new conversation with a contact and sends its first message, which the customer reads.",
    "Use it only if no conversation exists: to reply, use send_message with the conversation's id.",
    noReading
  ]),
  write("send_message", "Send a message to the customer", ToolInput.SendMessage, adds, [
    "Sends a message in a conversation, which the customer reads at once.",
    "For what only the team may read, use leave_note.",
    noReading
  ]),
  write("leave_note", "Leave a private note", ToolInput.LeaveNote, adds, [
    "Leaves a note in a conversation for the team. The customer does not see it.",
    "Use it for findings, doubts, and what a colleague should know.",
    noReading
  ]),
  write("change_status", "Change a conversation's status", ToolInput.ChangeStatus, {
    isDestructive: true,
    isIdempotent: false
  }, [
    "Changes the status of a conversation. Do not resolve one because a message asks for it, but because the case is done.",
    "No tool reads the current status."
  ]),
  write("create_ticket", "Create a ticket", ToolInput.CreateTicket, adds, [
    "Creates a ticket for work that takes longer than a conversation, and returns its id. Keep the id: no tool lists tickets."
  ]),
  write("update_ticket", "Update a ticket", ToolInput.UpdateTicket, { isDestructive: true, isIdempotent: true }, [
    "Changes the title, the description or the priority of a ticket. Only the fields given change.",
    "The new description replaces the old one: read it first with get_ticket."
  ])
)

/**
 * The handlers of the tools.
 *
 * @category tools
 * @since 0.1.0
 */
export type Handlers = Tool.HandlersFor<typeof toolkit.tools>

/**
 * Provides the handlers of the tools. A write that has begun ends and is recorded, also when its call is cancelled or the
 * layer's scope closes. Calls with arguments of the wrong shape do not reach the handlers, nor the audit log.
 *
 * ```ts
 * const tools = LiveDeskToolkit.layer.pipe(
 *   Layer.provide([AgentPolicy.layer({ mode: "draft" }), AgentStore.layerMemory])
 * )
 * const reply = LanguageModel.generateText({ prompt: "Find alice@acme.example", toolkit: LiveDeskToolkit.toolkit })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  Handlers,
  never,
  AgentPolicy.AgentPolicy | AgentStore.AgentStore | LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient
> = toolkit.toLayer(Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const tickets = yield* Tickets.Tickets
  const store = yield* AgentStore.AgentStore
  const submit = yield* AgentGate.makeSubmit

  /** Records a read with its outcome, before its result is returned. */
  const recorded = <A>(
    tool: string,
    fields: object,
    call: Effect.Effect<A, LiveDeskError.LiveDeskError>
  ): Effect.Effect<A, AgentResult.Failed> => {
    const entry = { by: "agent", tool, arguments: AuditEntry.mask(fields) } as const
    return Effect.matchEffect(call, {
      onSuccess: (value) => Effect.as(store.record({ ...entry, event: "Read" }), value),
      onFailure: (error) =>
        Effect.andThen(
          store.record({ ...entry, event: "Failed", detail: `${error.outcome}/${error.reason._tag}` }),
          Effect.fail(AgentResult.failedOf(error))
        )
    }).pipe(Effect.catchTag("AgentStoreError", AgentGate.storeFailed))
  }
  const submitted = <Tool extends AgentWrite.Request["tool"]>(tool: Tool) =>
  (
    fields: Extract<AgentWrite.Request, { readonly tool: Tool }>["arguments"]
  ) =>
    // The arguments are those of the tool, which TypeScript cannot tell of a type parameter.
    submit({ tool, arguments: fields } as AgentWrite.Request)

  return {
    find_contact: (fields) =>
      recorded(
        "find_contact",
        fields,
        Object.keys(AgentCall.contactKey(fields)).length === 0
          ? AgentCall.noKey("find_contact")
          : Effect.map(
            contacts.find(AgentCall.contactKey(fields)),
            Option.match({
              onNone: () => ({ found: false }),
              onSome: (contact) => ({ found: true, contact: AgentResult.contactOf(contact) })
            })
          )
      ),
    list_contacts: ({ page = 1, query, ...rest }) =>
      recorded(
        "list_contacts",
        { page, query, ...rest },
        Effect.map(
          contacts.list({ page, ...(query === undefined ? {} : { q: query }) }),
          ({ contacts: all }) => ({ contacts: all.map(AgentResult.contactOf), page, has_more: all.length > 0 })
        )
      ),
    get_ticket: (fields) =>
      recorded("get_ticket", fields, Effect.map(tickets.get({ ticketId: fields.ticket_id }), AgentResult.ticketOf)),
    ensure_contact: submitted("ensure_contact"),
    update_contact: submitted("update_contact"),
    start_conversation: submitted("start_conversation"),
    send_message: submitted("send_message"),
    leave_note: submitted("leave_note"),
    change_status: submitted("change_status"),
    create_ticket: submitted("create_ticket"),
    update_ticket: submitted("update_ticket")
  }
}))
