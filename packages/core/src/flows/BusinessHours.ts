/**
 * The hours in which agents can read a customer's reply, and a durable sleep until they begin.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as DurableClock from "effect/workflow/DurableClock"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as FlowName from "../internal/FlowName.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const

/**
 * A day of the week.
 *
 * @category models
 * @since 0.1.0
 */
export type Weekday = typeof weekdays[number]

/**
 * Options of business hours.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The time zone, such as `Europe/Berlin`. */
  readonly timeZone: string
  /** The days on which the office opens. Defaults to Monday to Friday. */
  readonly days?: ReadonlyArray<Weekday> | undefined
  /** The opening time, such as `09:00`. */
  readonly from: string
  /** The closing time, such as `17:30` or `24:00`. A time before `from` is on the next day. */
  readonly to: string
}

/**
 * The business hours of a week.
 *
 * @category models
 * @since 0.1.0
 */
export interface BusinessHours {
  readonly timeZone: DateTime.TimeZone.Named
  readonly days: ReadonlySet<Weekday>
  /** The opening time, in minutes after midnight. */
  readonly from: number
  /** The closing time, in minutes after the same midnight: above 1440 if it is on the next day. */
  readonly to: number
}

/**
 * The options are not valid business hours; `problem` says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class BusinessHoursError extends Schema.TaggedError<BusinessHoursError>()("BusinessHoursError", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/** Parses a time such as 09:00 into minutes after midnight. */
const minutesOf = (time: string): number | undefined => {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time)
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2])
  return minutes <= 24 * 60 ? minutes : undefined
}

/**
 * Creates business hours.
 *
 * ```ts
 * const hours = yield* BusinessHours.make({ timeZone: "Europe/Berlin", from: "09:00", to: "17:00" })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<BusinessHours, BusinessHoursError> =>
  Effect.suspend(() => {
    const { days = weekdays.slice(1, 6), from, timeZone, to } = options
    const zone = DateTime.zoneMakeNamed(timeZone)
    const [opens, closes] = [minutesOf(from), minutesOf(to)]
    const invalid = (problem: string) => Effect.fail(new BusinessHoursError({ problem }))
    if (Option.isNone(zone)) return invalid("timeZone must be the name of a time zone, such as Europe/Berlin")
    if (opens === undefined || opens === 24 * 60) return invalid("from must be a time such as 09:00")
    if (closes === undefined || closes === opens) {
      return invalid("to must be a time such as 17:30, and not that of from")
    }
    if (days.length === 0 || days.some((day) => !weekdays.includes(day))) {
      return invalid("days must be days of the week, such as Monday, and at least one")
    }
    return Effect.succeed({
      timeZone: zone.value,
      days: new Set(days),
      from: opens,
      to: closes > opens ? closes : closes + 24 * 60
    })
  })

/** The local time `minutes` after midnight, `daysLater` days after the given day. */
const moment = (
  { timeZone }: BusinessHours,
  { day, month, year }: DateTime.DateTime.PartsWithWeekday,
  daysLater: number,
  minutes: number
): DateTime.Utc =>
  DateTime.toUtc(DateTime.makeZonedUnsafe(
    // Days beyond the month's end and minutes beyond the day's carry over.
    { year, month, day: day + daysLater, hour: 0, minute: minutes },
    { timeZone, adjustForTimeZone: true }
  ))

/**
 * Returns the next time at which the office is open: `from` itself if it is open then. If the clocks skip the opening
 * time, the office opens later by as much. If the opening time comes twice, it opens at the first.
 *
 * @category accessors
 * @since 0.1.0
 */
export const nextOpening = (hours: BusinessHours, from: DateTime.DateTime): DateTime.Utc => {
  const now = DateTime.toUtc(from)
  const today = DateTime.toParts(DateTime.setZone(now, hours.timeZone))
  // Begins with yesterday, whose hours may last until today.
  for (let later = -1; later <= 7; later++) {
    const day = weekdays[(today.weekDay + later + 7) % 7]
    if (day === undefined || !hours.days.has(day)) continue
    const opens = moment(hours, today, later, hours.from)
    if (DateTime.isGreaterThan(opens, now)) return opens
    if (DateTime.isGreaterThan(moment(hours, today, later, hours.to), now)) return now
  }
  return now
}

/**
 * Sleeps durably until the office is open, or returns at once if it is. `name` must be unique in the workflow. The
 * opening is computed once, so it stays the same when the workflow runs again.
 *
 * ```ts
 * const hours = yield* BusinessHours.make({ timeZone: "Europe/Berlin", from: "09:00", to: "17:00" })
 * yield* BusinessHours.untilOpen("morning", hours)
 * ```
 *
 * @category steps
 * @since 0.1.0
 */
export const untilOpen = Effect.fnUntraced(function*(
  name: string,
  hours: BusinessHours
): Effect.fn.Return<
  void,
  LiveDeskError.ValidationError,
  WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance
> {
  yield* FlowName.check("BusinessHours.untilOpen", { name })
  const opening = yield* Activity.make({
    name: `${name}/opening`,
    success: Schema.Number,
    execute: Effect.map(DateTime.now, (now) => DateTime.toEpochMillis(nextOpening(hours, now)))
  })
  const now = yield* Clock.currentTimeMillis
  yield* DurableClock.sleep({
    name: `${name}/open`,
    duration: Duration.millis(Math.max(0, opening - now)),
    // Durable however short it is: an earlier run may have begun it as a longer sleep.
    inMemoryThreshold: Duration.zero
  })
})
