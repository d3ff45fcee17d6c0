/**
 * Reads the flag `--fault` of `livedesk emulator`.
 *
 * @since 0.1.0
 */
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import * as Faults from "@effect-livedesk/core/testing/Faults"
import * as Effect from "effect/Effect"
import { UsageError } from "./ExitCode.ts"

const faults: { readonly [name: string]: Faults.Fault } = {
  "Reset:BeforeProcessing": Faults.Fault.Reset({ when: "BeforeProcessing" }),
  "Reset:AfterProcessing": Faults.Fault.Reset({ when: "AfterProcessing" }),
  "Silent:BeforeProcessing": Faults.Fault.Silent({ when: "BeforeProcessing" }),
  "Silent:AfterProcessing": Faults.Fault.Silent({ when: "AfterProcessing" }),
  "Failing:BeforeProcessing": Faults.Fault.Failing({ status: 500, when: "BeforeProcessing" }),
  "Failing:AfterProcessing": Faults.Fault.Failing({ status: 500, when: "AfterProcessing" }),
  "CutShort": Faults.Fault.CutShort({ bytes: 10 }),
  "MalformedBody": Faults.Fault.MalformedBody({ body: "{}" }),
  "RateLimited": Faults.Fault.RateLimited({ retryAfter: "2" })
}

/**
 * Reads plans such as `messages.send=Reset:AfterProcessing`, with `:2` behind it for the first two requests. Fails with
 * `UsageError`, which lists the valid names.
 *
 * @category settings
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function*(flags: ReadonlyArray<string>) {
  const steps: { [operation: string]: ReadonlyArray<Faults.Fault> } = {}
  for (const flag of flags) {
    const [, operation = "", name = "", times = "1"] = /^(.*?)=([A-Za-z:]*?)(?::([1-9]\d{0,2}))?$/.exec(flag) ?? []
    const fault = Object.hasOwn(faults, name) ? faults[name] : undefined
    if (fault === undefined) {
      return yield* new UsageError({
        message: `--fault ${flag}: expected OPERATION=FAULT or OPERATION=FAULT:TIMES; the faults are ${
          Object.keys(faults).join(", ")
        }`
      })
    }
    if (!Endpoints.all.some((endpoint) => endpoint.operation === operation)) {
      return yield* new UsageError({
        message: `--fault ${flag}: the operations are ${Endpoints.all.map(({ operation }) => operation).join(", ")}`
      })
    }
    steps[operation] = [...(steps[operation] ?? []), ...Array.from({ length: Number(times) }, () => fault)]
  }
  return Faults.script(steps)
})
