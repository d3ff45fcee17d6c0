/**
 * The faults that the emulator's inbox offers.
 *
 * @since 0.1.0
 */
import * as Faults from "@effect-livedesk/core/testing/Faults"
import * as Option from "effect/Option"
import type { FaultsView } from "./InboxView.ts"

/** The faults that the page offers, with their labels. */
const offered: ReadonlyArray<readonly [label: string, fault: Faults.Fault]> = [
  ["429, retry after 2 seconds", Faults.Fault.RateLimited({ retryAfter: "2" })],
  ["500, with nothing done", Faults.Fault.Failing({ status: 500, when: "BeforeProcessing" })],
  ["500, though it is done", Faults.Fault.Failing({ status: 500, when: "AfterProcessing" })],
  [
    "503, retry after 1 second",
    Faults.Fault.Failing({ status: 503, when: "BeforeProcessing", retryAfter: "1" })
  ],
  ["Connection lost, with nothing done", Faults.Fault.Reset({ when: "BeforeProcessing" })],
  ["Connection lost, though it is done", Faults.Fault.Reset({ when: "AfterProcessing" })],
  ["No response ever, though it is done", Faults.Fault.Silent({ when: "AfterProcessing" })],
  ["Response cut short after 10 bytes", Faults.Fault.CutShort({ bytes: 10 })],
  ["Response slow, 100 bytes each half second", Faults.Fault.SlowBody({ bytes: 100, pause: "500 millis" })],
  ["A page of HTML instead of the response", Faults.Fault.MalformedBody({ body: "<html><title>Log in</title></html>" })]
]

/** The plan that applies the offered faults with these ids to a share of all requests; none for an unknown id. */
export const planOf = (ids: ReadonlyArray<string>, rate: number): Option.Option<Faults.Plan> =>
  ids.length === 0 ? Option.some(Faults.script({})) : Option.map(
    Option.all(ids.map((id) => Option.fromUndefinedOr(offered.find(([, fault]) => Faults.describe(fault) === id)))),
    (chosen) => Faults.seeded({ seed: "inbox", rate, faults: chosen.map(([, fault]) => fault) })
  )

/** The label of a fault, offered or not. */
export const labelOf = (fault: Faults.Fault): string => {
  const id = Faults.describe(fault)
  return offered.find(([, fault]) => Faults.describe(fault) === id)?.[0] ?? id
}

/** The offered faults, with those that a plan applies switched on. */
export const viewOf = (plan: Faults.Plan): FaultsView => {
  const on = new Set(plan._tag === "Seeded" ? (plan.faults ?? Faults.kinds).map(Faults.describe) : [])
  const choices = offered.map(([label, fault]) => {
    const id = Faults.describe(fault)
    return { id, label, on: on.has(id) }
  })
  return {
    choices,
    rate: plan._tag === "Seeded" ? plan.rate : 1,
    scripted: plan._tag === "Seeded"
      ? on.size > choices.filter(({ on }) => on).length
      : Object.values(plan.steps).some((steps = []) => steps.some((step) => step !== "Pass"))
  }
}
