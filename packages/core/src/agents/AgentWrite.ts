/**
 * A write that an agent asked for: what it would do, how far it has come, and what a person must decide.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ToolInput from "./ToolInput.ts"

/**
 * The tool of a write, with its arguments.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = {
  readonly [Tool in keyof typeof ToolInput.writes]: {
    readonly tool: Tool
    readonly arguments: typeof ToolInput.writes[Tool]["Type"]
  }
}[keyof typeof ToolInput.writes]

const request = <Tool extends string, Input extends Schema.Constraint>(tool: Tool, input: Input) =>
  Schema.Struct({ tool: Schema.Literal(tool), arguments: input })

/**
 * The schema of a request.
 *
 * @category models
 * @since 0.1.0
 */
export const Request: Schema.Codec<Request> = Schema.Union([
  request("ensure_contact", ToolInput.EnsureContact),
  request("update_contact", ToolInput.UpdateContact),
  request("start_conversation", ToolInput.StartConversation),
  request("send_message", ToolInput.SendMessage),
  request("leave_note", ToolInput.LeaveNote),
  request("change_status", ToolInput.ChangeStatus),
  request("create_ticket", ToolInput.CreateTicket),
  request("update_ticket", ToolInput.UpdateTicket)
])

/**
 * The state of a write.
 *
 * - `Drafted`: a person must send or discard it.
 * - `Discarded`: a person discarded it.
 * - `Begun`: it is being made, or its process died.
 * - `Done`: LiveDesk acted.
 * - `Failed`: LiveDesk did nothing.
 * - `Unknown`: LiveDesk may have acted. The same write is refused until a person resolves this one.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Literals(["Drafted", "Discarded", "Begun", "Done", "Failed", "Unknown"])
export type State = typeof State.Type

/**
 * The ids of the records that a write changed or created.
 *
 * @category models
 * @since 0.1.0
 */
export const Ids = Schema.Struct({
  contact_id: Schema.optionalKey(Schema.Int),
  conversation_id: Schema.optionalKey(Schema.Int),
  message_id: Schema.optionalKey(Schema.Int),
  ticket_id: Schema.optionalKey(Schema.String)
})
export interface Ids extends Schema.Schema.Type<typeof Ids> {}

/**
 * The LiveDesk that a write is for, as `LiveDeskClient` has it.
 *
 * @category models
 * @since 0.1.0
 */
export const Target = Schema.Struct({
  baseUrl: Schema.String,
  /** Stands for the API key. */
  keyFingerprint: Schema.String
})
export interface Target extends Schema.Schema.Type<typeof Target> {}

/**
 * A write, as the store keeps it.
 *
 * @category models
 * @since 0.1.0
 */
export const AgentWrite = Schema.Struct({
  /** A number, from 1, by which people name it. */
  id: Schema.Int,
  request: Request,
  target: Target,
  state: State,
  /** Whether a person must approve it. */
  isDraft: Schema.Boolean,
  /** When the agent asked for it, in milliseconds since 1970. */
  askedAt: Schema.Int,
  /** When its state changed, in milliseconds since 1970. */
  changedAt: Schema.Int,
  /** The ids of what was done; of a conversation that was started without its message, too. */
  ids: Ids,
  /** Why it is not done, and what to do. */
  problem: Schema.optionalKey(Schema.String)
})
export interface AgentWrite extends Schema.Schema.Type<typeof AgentWrite> {}

/**
 * What a person found out about a write: it was processed or not. For `start_conversation` whose conversation is not among
 * its ids, `Processed` needs `conversationId`; with `messageId`, the message is there, too. Where it is among them, the
 * question is whether the message is there, and `NotProcessed` has it continue in that conversation.
 *
 * @category models
 * @since 0.1.0
 */
export type Resolution =
  | {
    readonly _tag: "Processed"
    readonly conversationId?: number | undefined
    readonly messageId?: number | undefined
  }
  | { readonly _tag: "NotProcessed" }

/**
 * Returns `true` if the write waits for a person to find out whether LiveDesk acted.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUnresolved = ({ state }: AgentWrite): boolean => state === "Begun" || state === "Unknown"

/**
 * Returns `true` if a person must approve the write under the policy `draft`: a customer sees it, or it changes how a
 * customer is known or reached. Whether LiveDesk shows tickets to customers is undocumented, so they count too.
 *
 * @category guards
 * @since 0.1.0
 */
export const needsApproval = (request: Request): boolean => {
  switch (request.tool) {
    case "start_conversation":
    case "send_message":
    case "change_status":
    case "create_ticket":
    case "update_ticket":
      return true
    case "update_contact":
      return ["email", "phone_number", "identifier"].some((key) => key in request.arguments)
    case "ensure_contact":
    case "leave_note":
      return false
  }
}

/**
 * Returns a text that is equal for equal writes: the tool and the arguments, whatever their order and white space.
 *
 * @category accessors
 * @since 0.1.0
 */
export const fingerprint = (request: Request): string => canonical(request)

const canonical = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.normalize().trim().replaceAll(/\s+/gu, " "))
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  return `{${
    Object.entries(value)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
      .join()
  }}`
}

/**
 * Returns what a write is about, such as a conversation that is written to. After an unknown outcome, an agent may not
 * say the same in other words.
 *
 * @category accessors
 * @since 0.1.0
 */
export const subject = (request: Request): string => {
  switch (request.tool) {
    case "send_message":
    case "leave_note":
    case "change_status":
      return `${request.tool} ${request.arguments.conversation_id}`
    case "start_conversation":
      return `start_conversation ${request.arguments.inbox_id} ${request.arguments.contact_id}`
    case "ensure_contact":
    case "update_contact":
    case "create_ticket":
    case "update_ticket":
      return fingerprint(request)
  }
}
