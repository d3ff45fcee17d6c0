/**
 * The attributes that changed, as events name them. Unverified: Chatwoot's.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isJsonObject } from "../internal/isJsonObject.ts"
import type * as Model from "../Model.ts"

/**
 * One attribute that changed. Unverified: Chatwoot's.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChangedAttribute {
  /** Its name on the wire, such as `status` or `assignee_id`. */
  readonly attribute: string
  /** The value before the change; null when the event does not have it. */
  readonly previous: unknown
  /** The value now; null when the event does not have it. */
  readonly current: unknown
}

/**
 * The field `changed_attributes`: `[{ status: { previous_value, current_value } }, …]` or null. Reads one object and
 * pairs of `[previous, current]`, too; `[]` when absent, and written as null.
 *
 * @category fields
 * @since 0.1.0
 */
export const changedAttributes: Model.Field<ReadonlyArray<ChangedAttribute>> = {
  type: Schema.Array(Schema.Struct({ attribute: Schema.String, previous: Schema.Unknown, current: Schema.Unknown })),
  documented: () =>
    Schema.NullOr(Schema.Array(Schema.Record(
      Schema.String,
      Schema.Struct({ previous_value: Schema.Unknown, current_value: Schema.Unknown })
    ))),
  isDocumented: true,
  fallback: Option.some([]),
  read: (wire) =>
    (Array.isArray(wire) ? wire : [wire]).filter(isJsonObject).flatMap((changes) =>
      Object.entries(changes).map(([attribute, change]) => {
        const [previous, current]: ReadonlyArray<unknown> = Array.isArray(change)
          ? change
          : isJsonObject(change)
          ? [change["previous_value"], change["current_value"]]
          : []
        return { attribute, previous: previous ?? null, current: current ?? null }
      })
    ),
  write: (changes) =>
    changes.length === 0 ?
      null :
      changes.map(({ attribute, current, previous }) =>
        Object.fromEntries([[attribute, { previous_value: previous, current_value: current }]])
      )
}
