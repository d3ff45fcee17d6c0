/**
 * All endpoints of this library. The emulator and the OpenAPI document derive from them. The module is not in the
 * package's index, because it brings all calls into a bundle.
 *
 * @since 0.1.0
 */
import * as Contacts from "./Contacts.ts"
import * as Conversations from "./Conversations.ts"
import * as Messages from "./Messages.ts"
import * as Tickets from "./Tickets.ts"

type MembersOf<Group> = Group extends unknown ? Group[keyof Group] : never

/**
 * Any endpoint of this library.
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
 * The name of an operation, as in `error.operation` and spans.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = AnyEndpoint["operation"]

/**
 * All endpoints.
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
