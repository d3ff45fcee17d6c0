/**
 * Applies a fault plan, one request after another.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import {
  describe,
  type Fault,
  kinds,
  type Plan,
  PlanError,
  type Script,
  type Seeded,
  type Step
} from "../testing/FaultPlan.ts"

/** Returns a function that picks the fault of each request. */
export const stepsOf = (plan: Plan): Effect.Effect<(operation: string) => Option.Option<Fault>, PlanError> =>
  Option.match(problemOf(plan), {
    onNone: () => plan._tag === "Script" ? byScript(plan) : byChance(plan),
    onSome: (problem) => Effect.fail(new PlanError({ problem }))
  })

const problemOf = (plan: Plan): Option.Option<string> => {
  if (plan._tag === "Seeded" && !(plan.rate >= 0 && plan.rate <= 1)) return Option.some("expected a rate from 0 to 1")
  const faults = plan._tag === "Seeded"
    ? plan.faults ?? kinds
    : Object.values(plan.steps).flatMap((steps = []) => steps.filter((step) => step !== "Pass"))
  if (plan._tag === "Seeded" && faults.length === 0) return Option.some("expected faults to draw from")
  return Option.flatMap(
    Option.fromUndefinedOr(faults.find((fault) => !isPossible(fault))),
    (fault) =>
      Option.some(`expected whole numbers of bytes, 1 at least for SlowBody, and times that can be: ${describe(fault)}`)
  )
}

const isPossible = (fault: Fault): boolean => {
  switch (fault._tag) {
    case "CutShort":
      return Number.isSafeInteger(fault.bytes) && fault.bytes >= 0
    case "SlowBody":
      return Number.isSafeInteger(fault.bytes) && fault.bytes >= 1 &&
        Option.exists(Duration.fromInput(fault.pause), (pause) => !Duration.isNegative(pause))
    case "Refused":
    case "DnsFailed":
    case "Silent":
    case "Reset":
    case "RateLimited":
    case "Failing":
    case "MalformedBody":
      return true
  }
}

const byScript = (plan: Script) =>
  Effect.sync(() => {
    const steps = new Map(Object.entries(plan.steps))
    const counts = new Map<string, number>()
    const step = (name: string): Step | undefined => {
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return steps.get(name)?.[count]
    }
    return (operation: string): Option.Option<Fault> => {
      const [own, any] = [step(operation), step("*")]
      const met = own ?? any
      return met === undefined || met === "Pass" ? Option.none() : Option.some(met)
    }
  })

const byChance = ({ faults = kinds, rate, seed }: Seeded) =>
  Effect.map(
    Random.withSeed(Effect.service(Random.Random), seed),
    (random) => (): Option.Option<Fault> => {
      const [chance, choice] = [random.nextDoubleUnsafe(), random.nextDoubleUnsafe()]
      return chance < rate ? Option.fromUndefinedOr(faults[Math.floor(choice * faults.length)]) : Option.none()
    }
  )
