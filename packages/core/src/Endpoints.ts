/**
 * Every endpoint of this library, to derive from: the emulator and the OpenAPI document are. It is imported by its own name,
 * for a bundle with it holds all calls.
 *
 * @since 0.1.0
 */
import * as Contacts from "./Contacts.ts"
import * as Conversations from "./Conversations.ts"
import * as Messages from "./Messages.ts"
import * as Tickets from "./Tickets.ts"

type MembersOf<Group> = Group extends unknown ? Group[keyof Group] : never

/**
 * One of the endpoints.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyEndpoint = MembersOf<
  | typeof Contacts.endpoints
  | typeof Conversations.endpoints
  | typeof Messages.endpoints
  | typeof Tickets.endpoints
>

/**
 * The name of one of them, as `error.operation` and spans have it.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = AnyEndpoint["operation"]

/**
 * All of them.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const all: ReadonlyArray<AnyEndpoint> = [
  Contacts.endpoints,
  Conversations.endpoints,
  Messages.endpoints,
  Tickets.endpoints
].flatMap((group: { readonly [name: string]: AnyEndpoint }) => Object.values(group))
