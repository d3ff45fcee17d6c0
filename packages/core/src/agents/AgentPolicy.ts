/**
 * What an agent may do without a person: the mode, the inboxes and the limits. The handlers of the tools enforce it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"

/**
 * The modes of a policy.
 *
 * - `readOnly`: every write is refused.
 * - `draft`: a write that needs approval becomes a draft, which a person sends or discards. Other writes are made.
 * - `allow`: every write is made, within the limits and the inboxes.
 *
 * @category models
 * @since 0.1.0
 */
export const modes = ["readOnly", "draft", "allow"] as const

/**
 * A mode of a policy.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = typeof modes[number]

/**
 * Limits of what an agent asks for, drafts included. Writes that failed without an effect do not count.
 *
 * @category options
 * @since 0.1.0
 */
export interface Limits {
  /** Messages and notes per minute in one conversation. Defaults to 5. */
  readonly messagesPerMinuteInConversation?: number | undefined
  /** Messages and notes per minute in all. Defaults to 30. */
  readonly messagesPerMinute?: number | undefined
  /** Conversations started per hour. Defaults to 20. */
  readonly conversationsPerHour?: number | undefined
  /** Other writes per minute: contacts, tickets and changes of a status. Defaults to 30. */
  readonly otherWritesPerMinute?: number | undefined
}

/**
 * Options of a policy.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The mode. Defaults to `draft`. */
  readonly mode?: Mode | undefined
  /** The inboxes that the agent may work in. Defaults to all. */
  readonly inboxes?: ReadonlyArray<number> | undefined
  /**
   * Returns the inbox of a conversation, as a webhook showed it: no call of LiveDesk's reads one. With `inboxes`, a write
   * to a conversation whose inbox is not known needs approval. Those that the agent started are known.
   */
  readonly inboxOf?: ((conversationId: number) => Effect.Effect<Option.Option<number>>) | undefined
  /** How much the agent may ask for. */
  readonly limits?: Limits | undefined
}

/**
 * The policy of an agent.
 *
 * @category services
 * @since 0.1.0
 */
export class AgentPolicy extends Context.Service<AgentPolicy, {
  /** The mode. */
  readonly mode: Mode
  /** The inboxes that the agent may work in; `undefined` for all. */
  readonly inboxes: ReadonlyArray<number> | undefined
  /** Returns the inbox of a conversation, where a program knows it. */
  readonly inboxOf: Options["inboxOf"]
  /** How much the agent may ask for. */
  readonly limits: { readonly [Limit in keyof Limits]-?: number }
}>()("@effect-livedesk/core/agents/AgentPolicy") {}

const limit = (value: number) => OptionSchema.withDefault(OptionSchema.count("writes"), value)

const check = OptionSchema.decoder(
  Schema.Struct({
    mode: OptionSchema.withDefault(OptionSchema.oneOf(...modes), "draft"),
    inboxes: Schema.optional(Schema.Array(OptionSchema.id)),
    limits: OptionSchema.withDefault(
      Schema.Struct({
        messagesPerMinuteInConversation: limit(5),
        messagesPerMinute: limit(30),
        conversationsPerHour: limit(20),
        otherWritesPerMinute: limit(30)
      }),
      {
        messagesPerMinuteInConversation: 5,
        messagesPerMinute: 30,
        conversationsPerHour: 20,
        otherWritesPerMinute: 30
      }
    )
  }),
  (issues) => ErrorMapping.invalidInput("AgentPolicy.layer", issues)
)

/**
 * Provides a policy. Fails with `ValidationError` for an unknown mode, an invalid inbox or an invalid limit.
 *
 * ```ts
 * const policy = AgentPolicy.layer({ mode: "draft", inboxes: [407], limits: { conversationsPerHour: 5 } })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<AgentPolicy, LiveDeskError.ValidationError> =>
  Layer.effect(
    AgentPolicy,
    Effect.map(
      check(options),
      ({ inboxes, limits, mode }) => AgentPolicy.of({ mode, inboxes, inboxOf: options.inboxOf, limits })
    )
  )
