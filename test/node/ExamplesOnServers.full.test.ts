import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Example from "../Example.ts"
import * as FreePort from "../FreePort.ts"
import * as Postgres from "../Postgres.ts"
import * as Redis from "../Redis.ts"

const isInstalled = Postgres.isInstalled && Redis.isInstalled

if (!isInstalled) {
  process.stderr.write("PostgreSQL or redis-server is not installed: the examples that need them are left out\n")
}

describe.skipIf(!isInstalled)("examples (left out where PostgreSQL or redis-server is not installed)", () => {
  it.live("flow-cluster", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* Example.run("flow-cluster", {
        LIVEDESK_FLOWS_POSTGRES_URL: yield* Postgres.make,
        LIVEDESK_FLOWS_REDIS_URL: yield* Redis.make,
        LIVEDESK_FLOWS_RUNNER_PORT: String(yield* FreePort.inARow(4))
      })
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out.slice(-1), ["12 customers welcomed, heard and thanked once each"])
    }).pipe(Effect.scoped), 120_000)

  it.live("machines", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* Example.run("machines", { REDIS_URL: yield* Redis.make })
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, [
        "one handles conversation_created",
        "one responds with 200",
        "two responds with 200"
      ])
    }).pipe(Effect.scoped))
})
