/**
 * The names by which the flows' database knows workflows and their steps.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as ErrorMapping from "./ErrorMapping.ts"

/** As many as a column has. */
const maxLength = 255

/** Whether PostgreSQL could keep it. */
export const isValid = (name: string): boolean =>
  name !== "" && name.length <= maxLength && !/[\p{Cc}\p{Cs}]/u.test(name)

/** Refuses what PostgreSQL could not keep, whichever database there is. */
export const check = (
  operation: string,
  names: { readonly [name: string]: string }
): Effect.Effect<void, LiveDeskError.ValidationError> =>
  Effect.suspend(() => {
    const issues = Object.entries(names).flatMap(([name, value]) =>
      isValid(value)
        ? []
        : [{ path: [name], message: `expected a name of 1 to ${maxLength} characters, without control characters` }]
    )
    return issues.length === 0 ? Effect.void : Effect.fail(ErrorMapping.invalidInput(operation, issues))
  })
