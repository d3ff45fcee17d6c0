/** Imports a file, or makes the same calls without one, in a process of its own, and reports what that took. */
import { Contacts, RateLimit } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import { Effect, Redacted } from "effect"

/** What to do. */
export interface Task {
  readonly baseUrl: string
  readonly rows: number
  readonly concurrency: number
  readonly lookup: "first" | "onConflict"
  /** The file to import; without one the calls are made that it would take. */
  readonly file?: string
  /** How many requests may go out in a second. */
  readonly limit?: number
}

export interface Result {
  /** Rows a second. */
  readonly rate: number
  /** The CPU time of a row, in microseconds: also where the disk or another program makes it wait. */
  readonly cpu: number
  /** The most memory that the process has had, in bytes. */
  readonly memory: number
}

const inboxId = 407

const bare = Effect.fnUntraced(function*({ concurrency, lookup, rows }: Task) {
  const { create, ensure } = yield* Contacts.Contacts
  yield* Effect.forEach(
    Array.from({ length: rows }, (_, index) => index),
    (index) => {
      const input = { inboxId, email: `c${index}@acme.inc`, name: `Customer ${index}` }
      return lookup === "first"
        ? Effect.asVoid(Effect.orDie(ensure(input)))
        : Effect.asVoid(Effect.orDie(create(input)))
    },
    { concurrency, discard: true }
  )
})

const imported = Effect.fnUntraced(function*(task: Task, file: string) {
  const { done } = yield* Effect.orDie(NodeImport.run({ ...task, file, inboxId }))
  if (done !== task.rows) return yield* Effect.die(new Error(`${done} of ${task.rows} rows were imported`))
})

process.on("message", (task: Task) => {
  const { baseUrl, limit, rows } = task
  const livedesk = NodeLiveDesk.layer({
    baseUrl,
    apiKey: Redacted.make("key"),
    apiSecret: Redacted.make("secret"),
    ...(limit === undefined ? {} : { rateLimit: RateLimit.make({ limit }) })
  })
  const start = performance.now()
  const before = process.cpuUsage()
  void Effect.runPromise(
    (task.file === undefined ? bare(task) : imported(task, task.file)).pipe(Effect.provide(livedesk))
  ).then(() => {
    const { system, user } = process.cpuUsage(before)
    const result: Result = {
      rate: rows / (performance.now() - start) * 1000,
      cpu: (system + user) / rows,
      memory: process.resourceUsage().maxRSS * 1024
    }
    process.send?.(result)
  })
})
process.on("disconnect", () => process.exit())
process.send?.("ready")
