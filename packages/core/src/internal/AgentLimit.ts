/**
 * The limits of what an agent asks for, over what it asked for before.
 *
 * @since 0.1.0
 */
import type * as AgentPolicy from "../agents/AgentPolicy.ts"
import type * as AgentWrite from "../agents/AgentWrite.ts"

/** A limit that refuses a request, and until when, in milliseconds since 1970. */
export interface Reached {
  readonly rule: keyof AgentPolicy.Limits
  readonly until: number
}

/** Whether a request writes a text into a conversation. */
export const isMessage = ({ tool }: AgentWrite.Request): boolean =>
  tool === "send_message" || tool === "leave_note" || tool === "start_conversation"

const conversationOf = ({ arguments: fields }: AgentWrite.Request): number | undefined =>
  "conversation_id" in fields ? fields.conversation_id : undefined

const minute = 60_000
const hour = 60 * minute

/** The limit that refuses a request after these writes; none if it is within all. */
export const reached = (
  request: AgentWrite.Request,
  writes: ReadonlyArray<AgentWrite.AgentWrite>,
  limits: AgentPolicy.AgentPolicy["Service"]["limits"],
  now: number
): Reached | undefined => {
  const inWindow = (
    rule: keyof AgentPolicy.Limits,
    window: number,
    counts: (request: AgentWrite.Request) => boolean
  ): Reached | undefined => {
    if (!counts(request)) return undefined
    const counted = writes
      .filter(({ askedAt, request, state }) => state !== "Failed" && askedAt > now - window && counts(request))
      .map(({ askedAt }) => askedAt)
      .sort((a, b) => a - b)
    const frees = counted[counted.length - limits[rule]]
    return frees === undefined ? undefined : { rule, until: frees + window }
  }
  const conversation = conversationOf(request)
  return inWindow(
    "messagesPerMinuteInConversation",
    minute,
    (other) => isMessage(other) && conversation !== undefined && conversationOf(other) === conversation
  ) ??
    inWindow("messagesPerMinute", minute, isMessage) ??
    inWindow("conversationsPerHour", hour, ({ tool }) => tool === "start_conversation") ??
    inWindow("otherWritesPerMinute", minute, (other) => !isMessage(other))
}
