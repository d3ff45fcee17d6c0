import { ImportProgress } from "@effect-livedesk/core/imports"
import { assert, it } from "@effect/vitest"
import { Duration, Option } from "effect"

const counts = {
  read: 500,
  alreadyDone: 100,
  done: 40,
  created: 40,
  existing: 0,
  foundAgain: 0,
  changed: 0,
  updated: 0,
  conversations: 0,
  messages: 0,
  rejected: 8,
  unknown: 2,
  notInFile: 3
}

it("reports the time left by the pace of this run, without what earlier ones had done", () => {
  const progress = ImportProgress.make(counts, Duration.seconds(5), 200)
  assert.strictEqual(progress.perSecond, 10)
  assert.deepStrictEqual(progress.timeLeft, Option.some(Duration.seconds(5)))
  assert.strictEqual(
    ImportProgress.line(progress),
    "40 done, 100 before, 8 rejected, 2 unknown, 3 not in the file, 10 a second, about 5s left"
  )
})

it("reports no time left where the number of rows is unknown, or nothing was done yet", () => {
  assert.deepStrictEqual(ImportProgress.make(counts, Duration.seconds(5)).timeLeft, Option.none())
  const idle = { ...counts, done: 0, rejected: 0, unknown: 0 }
  assert.deepStrictEqual(ImportProgress.make(idle, Duration.seconds(5), 500).timeLeft, Option.none())
  assert.strictEqual(ImportProgress.make(counts, Duration.zero, 500).perSecond, 0)
})

it("shows when the uncertain rows are searched for, in place of the time left", () => {
  const line = (rows: number, searchIn: Duration.Input) =>
    ImportProgress.line(ImportProgress.make(
      { ...counts, unknown: 0, notInFile: 0 },
      Duration.seconds(5),
      200,
      Option.some({ rows, searchIn: Duration.fromInputUnsafe(searchIn) })
    ))
  assert.strictEqual(
    line(10, "23100 millis"),
    "40 done, 100 before, 8 rejected, 9.6 a second, 10 rows uncertain: looking for them in 24s"
  )
  assert.include(line(1, "1 second"), "1 row uncertain: looking for it in 1s")
})

it("shows what the import waits for, and how long, in place of pace and time left", () => {
  const line = (reason: string) => {
    const waiting = Option.some({ reason, retryIn: Duration.millis(19_100) })
    return ImportProgress.line(ImportProgress.make(counts, Duration.seconds(5), 200, Option.none(), waiting))
  }
  const start = "40 done, 100 before, 8 rejected, 2 unknown, 3 not in the file, waiting 20s: "
  assert.strictEqual(line("RateLimited"), `${start}LiveDesk limits the rate`)
  assert.strictEqual(line("CircuitOpen"), `${start}the circuit breaker is open`)
  assert.strictEqual(line("ConnectionFailed"), `${start}LiveDesk cannot be reached`)
})

it("shows no time left where there is none", () => {
  const progress = ImportProgress.make(counts, Duration.seconds(5), 150)
  assert.deepStrictEqual(progress.timeLeft, Option.some(Duration.zero))
  assert.strictEqual(
    ImportProgress.line(progress),
    "40 done, 100 before, 8 rejected, 2 unknown, 3 not in the file, 10 a second"
  )
})
