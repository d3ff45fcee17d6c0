/**
 * Contacts: the people that a project's agents talk to.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import * as endpoints from "./ContactEndpoints.ts"
import type {
  Contact,
  ContactKey,
  ContactPage,
  CreateContact,
  CreatedContact,
  EnsureContact,
  EnsuredContact,
  ListContacts,
  StreamContacts,
  UpdateContact
} from "./ContactSchema.ts"
import * as ContactLookup from "./internal/ContactLookup.ts"
import * as ContactStream from "./internal/ContactStream.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

export * from "./ContactSchema.ts"
export { hasContactKey } from "./internal/ContactLookup.ts"

/**
 * The calls as data: for `LiveDeskClient.call`, and to derive from. They are the module `ContactEndpoints`.
 *
 * @category endpoints
 * @since 0.1.0
 */
export * as endpoints from "./ContactEndpoints.ts"

/**
 * The contacts of a project.
 *
 * @category services
 * @since 0.1.0
 */
export class Contacts extends Context.Service<Contacts, {
  /**
   * Creates a contact and, with it, its tie to the inbox.
   *
   * Fails with `ValidationError` for an input that is refused here (nothing was sent) or by LiveDesk, and for a
   * response that cannot be read (the contact exists then); with `AuthError` for credentials; with `HttpError` for all
   * that lies between. Nothing is sent twice: look at the error's `outcome` before calling again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
   */
  readonly create: LiveDeskClient.Call<CreateContact, CreatedContact>
  /**
   * Reads one page of all contacts, or of those that `q` finds. `stream` reads them all.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly list: LiveDeskClient.Call<ListContacts, ContactPage>
  /**
   * Reads all pages, one when it is asked for, and ends at an empty one, or at one that holds nothing new when as many
   * contacts as `meta.count` says were delivered. Contacts that are made or deleted meanwhile move the others between
   * pages: what comes again within 8 pages comes once, what moves past a page that was read already is not seen.
   *
   * An error has in `resume` the page that failed, to begin with again. A contact of an earlier page that has moved there
   * comes a second time then.
   *
   * ```ts
   * const vips = { labels: "vip" }
   * contacts.stream(vips).pipe(
   *   Stream.catchTag("HttpError", ({ resume }) => contacts.stream({ ...vips, resume })),
   *   Stream.runForEach(({ id }) => Console.log(id))
   * )
   * ```
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly stream: (
    input?: StreamContacts,
    options?: LiveDeskClient.CallOptions
  ) => Stream.Stream<Contact, LiveDeskError.LiveDeskError>
  /**
   * Changes a contact. Only what is given is sent. It is idempotent, so it is retried like a call that reads.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
   */
  readonly update: LiveDeskClient.Call<UpdateContact, Contact>
  /**
   * Finds the contact that is known by the identifier, the e-mail address or the phone number. Others of the input, such
   * as the name, are not compared, so that the input of `create` will do.
   *
   * A contact is the one asked for when it agrees in one of the three and contradicts none. Where one agrees in part and
   * contradicts in another, or two agree in different ones, the call fails with `HttpError`/`Conflict`.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly find: LiveDeskClient.Call<ContactKey, Option.Option<Contact>>
  /**
   * Finds the contact as `find` does, or creates it, and returns which. A contact that is found is not changed.
   *
   * Where `find` fails with a conflict, nothing is created. Where it is unknown whether the contact was created, it is
   * looked for at once and again a second later, and never created again. If it is not there, the call fails with what
   * `create` failed with. Retry it once it is certain that LiveDesk is not still at work on it. Within one program, calls
   * for the same contact wait for each other. Another program may create the contact in between: LiveDesk then refuses
   * the second (as Chatwoot does, unverified), and it is found.
   *
   * Fails with `ValidationError`/`InvalidInput` where none of the three is given (nothing was sent), with
   * `HttpError`/`Conflict` as `find` does, else as `list` and `create` do. Where the error's `operation` is `contacts.list`,
   * nothing was created.
   */
  readonly ensure: LiveDeskClient.Call<EnsureContact, EnsuredContact>
}>()("@effect-livedesk/core/Contacts") {}

/**
 * Provides `Contacts` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Contacts, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Contacts,
  Effect.gen(function*() {
    const client = yield* LiveDeskClient.LiveDeskClient
    const calls = {
      create: client.call(endpoints.create),
      list: client.call(endpoints.list),
      update: client.call(endpoints.update)
    }
    const stream = ContactStream.make(calls.list)
    const ensure = yield* ContactLookup.makeEnsure(calls.create, stream)
    return Contacts.of({ ...calls, stream, find: ContactLookup.makeFind(stream), ensure })
  })
)
