/**
 * A person, as part of a contact or as the sender of a conversation.
 *
 * @since 0.1.0
 */
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"
import * as ModelField from "./ModelField.ts"

/**
 * The fields of a person, in the vendor's order. A missing or invalid field falls back to the value in its comment.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category fields
 * @since 0.1.0
 */
export const fields = {
  /** Attributes that LiveDesk itself keeps, such as city or company; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** Whether the contact is online; `"offline"`, the vendor's default, when absent. `"online"` is from Chatwoot. */
  availabilityStatus: ModelField.openEnum(["offline", "online"], "offline"),
  /** The e-mail address; `None` when null or "". */
  email: ModelField.nullableString,
  /** The contact's id; 0 when absent. A number in the samples, "String" in the create contact page's table. */
  id: ModelField.id(LiveDeskSchema.ContactId),
  /** The name, which may be ""; `None` when null. */
  name: ModelField.name,
  /** The phone number, as it was given; `None` when null or "". */
  phoneNumber: ModelField.nullableString,
  /** Whether the contact is blocked; `false` when absent. */
  blocked: ModelField.boolean,
  /** The contact's id in the program's own system; `None` when null or "". */
  identifier: ModelField.nullableString,
  /** The URL of the avatar; `None` when "". Fetched later than the create that names it (unverified). */
  thumbnail: ModelField.picture,
  /** Attributes that the project defines; `{}` when absent. */
  customAttributes: ModelField.attributes,
  /** When the contact was last active. Unverified: not on the create pages, seen on others. */
  lastActivityAt: Model.unverified(ModelField.timestampOrNever),
  /** When the contact was created, in seconds on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.timestamp
} as const

/**
 * A person, as part of another record.
 *
 * @category models
 * @since 0.1.0
 */
export const ContactProfile: Model.Model<ContactProfile> = Model.record(fields)
export interface ContactProfile extends Model.RecordOf<typeof fields> {}
