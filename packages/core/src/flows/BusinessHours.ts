/**
 * Business hours: when agents are there to read a customer's reply, and a durable sleep until then.
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
  /** When it opens, such as `09:00`. */
  readonly from: string
  /** When it closes, such as `17:30` or `24:00`. Before `from`, it is a time of the next day. */
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
  /** In minutes after midnight. */
  readonly from: number
  /** In minutes after the midnight before `from`: more than a day's where the office closes on the next day. */
  readonly to: number
}

/**
 * The business hours cannot be used. Names what is wrong.
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

/** The minutes after midnight of a time such as 09:00. */
const minutesOf = (time: string): number | undefined => {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time)
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2])
  return minutes <= 24 * 60 ? minutes : undefined
}

/**
 * Makes business hours.
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

/** The moment that is so many minutes after the midnight of a day, by the clocks of the time zone. */
const moment = (
  { timeZone }: BusinessHours,
  { day, month, year }: DateTime.DateTime.PartsWithWeekday,
  daysLater: number,
  minutes: number
): DateTime.Utc =>
  DateTime.toUtc(DateTime.makeZonedUnsafe(
    // Days and minutes beyond the month's and the day's are carried over.
    { year, month, day: day + daysLater, hour: 0, minute: minutes },
    { timeZone, adjustForTimeZone: true }
  ))

/**
 * When the office next opens: the moment itself where it is open then. Where the clocks are put forward over the time of
 * opening, it opens as much later; where they are put back, at the first of the two times.
 *
 * @category accessors
 * @since 0.1.0
 */
export const nextOpening = (hours: BusinessHours, from: DateTime.DateTime): DateTime.Utc => {
  const now = DateTime.toUtc(from)
  const today = DateTime.toParts(DateTime.setZone(now, hours.timeZone))
  // From yesterday, whose hours may last until today.
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
 * Lets a workflow sleep until the office is open; not at all where it is. `name` is that of no other sleep of the
 * workflow. The moment is decided once, so that it stays the same when the workflow is run again.
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
): Effect.fn.Return<void, never, WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance> {
  const opening = yield* Activity.make({
    name: `${name}/opening`,
    success: Schema.Number,
    execute: Effect.map(DateTime.now, (now) => DateTime.toEpochMillis(nextOpening(hours, now)))
  })
  const now = yield* Clock.currentTimeMillis
  yield* DurableClock.sleep({
    name: `${name}/open`,
    duration: Duration.millis(Math.max(0, opening - now)),
    // Kept by the engine however short it is, as it would be had the workflow come here earlier.
    inMemoryThreshold: Duration.zero
  })
})
