import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option, References, Result } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { copyFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { inspect } from "node:util"
import * as FlowLives from "../FlowLives.ts"
import * as Folder from "../Folder.ts"
import * as FreePort from "../FreePort.ts"

describe("flows in a file", () => {
  it.live("continue where an earlier process left them", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* FlowLives.run(NodeFlows.layerEmbedded({ file }))
    }))

  it.effect("get a customer's reply that an earlier process stored and did not pass on", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* FlowLives.passReply(NodeFlows.layerEmbedded({ file }))
    }))

  it.live("keep any text, and refuse a name that not every database can have", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* FlowLives.keepsAnyText(NodeFlows.layerEmbedded({ file }))
    }))

  it.live("are locked by one process", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* Layer.build(NodeFlows.layerEmbedded({ file }))
      const error = yield* Effect.flip(Layer.build(Layer.fresh(NodeFlows.layerEmbedded({ file }))))
      assert.deepStrictEqual([error._tag, error.message], [
        "SqliteFileError",
        `${file}: another process is at work with this file of flows: end it first, or give another file`
      ])
      assert.notInclude(inspect(error), "database is locked")
    }).pipe(Effect.scoped))

  it.live("go on from a file that could not be marked as closed", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      const open = Layer.fresh(NodeFlows.layerEmbedded({ file }))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE kept (id INTEGER)`
        // As on a full disk: nothing more can be written.
        yield* sql`PRAGMA query_only = 1`
      }).pipe(Effect.provide(open))
      const rows = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM kept`)
      assert.deepStrictEqual(yield* Effect.provide(rows, open), [])
    }))

  it.live("are not gone on with from a file that was copied without its -wal, or that holds something else", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const [file, copy, other] = ["flows.sqlite", "copy.sqlite", "other.sqlite"].map((name) => join(folder, name))
      const build = (file = "") =>
        Effect.scoped(Effect.asVoid(Layer.build(Layer.fresh(NodeFlows.layerEmbedded({ file })))))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(Layer.fresh(NodeFlows.layerEmbedded({ file: file ?? "" })))
        yield* Effect.promise(() => copyFile(file ?? "", copy ?? ""))
      }))
      const incomplete = yield* Effect.flip(build(copy))
      assert.strictEqual(incomplete._tag === "SqliteFileError" && incomplete.problem, "Incomplete")
      assert.include(incomplete.message, `(${copy}*)`)
      yield* build(file)
      yield* Effect.promise(() => copyFile(file ?? "", copy ?? ""))
      yield* build(copy)
      yield* Effect.promise(() => writeFile(other ?? "", "email\na@acme.inc\n"))
      const wrong = yield* Effect.flip(build(other))
      assert.strictEqual(wrong._tag === "SqliteFileError" && wrong.problem, "OtherFile")
    }))
})

describe("the settings", () => {
  const build = <A, E>(layer: Layer.Layer<A, E>, env: Record<string, string>) =>
    Effect.result(Effect.scoped(Effect.asVoid(Layer.build(layer)))).pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
    )

  for (
    const [name, value] of [
      ["LIVEDESK_FLOWS_POSTGRES_URL", "mysql://user:canary@db.example"],
      ["LIVEDESK_FLOWS_POSTGRES_URL", "canary"],
      ["LIVEDESK_FLOWS_RUNNER_PORT", "canary"],
      ["LIVEDESK_FLOWS_RUNNER_PORT", "70000"],
      ["LIVEDESK_FLOWS_REDIS_URL", "canary"]
    ] as const
  ) {
    it.effect(`that are invalid are rejected by name, without their value: ${name} ${value}`, () =>
      Effect.gen(function*() {
        const env = { [name]: value }
        const error = name === "LIVEDESK_FLOWS_REDIS_URL"
          ? Option.getOrThrow(Result.getFailure(yield* build(NodeFlows.layerStoresConfig, env)))
          : Option.getOrThrow(Result.getFailure(yield* build(NodeFlows.layerConfig(), env)))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, name)
        assert.notInclude(inspect(error, { depth: 9 }), "canary")
      }))
  }

  it.effect("that are missing or wrong are listed all at once, a line each", () =>
    Effect.gen(function*() {
      const result = yield* build(NodeFlows.layerConfig(), {
        LIVEDESK_FLOWS_POSTGRES_URL: "canary",
        LIVEDESK_FLOWS_RUNNER_PORT: "canary"
      })
      const lines = Option.getOrThrow(Result.getFailure(result)).message.split("\n")
      assert.deepStrictEqual(lines.map((line) => line.split(" ")[0]), [
        "LIVEDESK_FLOWS_RUNNER_PORT",
        "LIVEDESK_FLOWS_POSTGRES_URL"
      ])
    }))

  it.live("when PostgreSQL cannot be reached, name it without its password", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const result = yield* build(NodeFlows.layerConfig(), {
        LIVEDESK_FLOWS_POSTGRES_URL: `postgres://user:canary@127.0.0.1:${port}/flows`
      })
      const error = Option.getOrThrow(Result.getFailure(result))
      assert.strictEqual(error._tag, "SqlError")
      assert.notInclude(inspect(error, { depth: 9 }), "canary")
    }))

  it.live("when Redis cannot be reached, name it without its password", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const result = yield* build(NodeFlows.layerStoresConfig, {
        LIVEDESK_FLOWS_REDIS_URL: `redis://user:canary@127.0.0.1:${port}`
      })
      const error = Option.getOrThrow(Result.getFailure(result))
      assert.notInclude(inspect(error, { depth: 9 }), "canary")
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None")))

  it.effect("are optional, except for the file", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      assert.isTrue(Result.isSuccess(yield* build(NodeFlows.layerConfig(), { LIVEDESK_FLOWS_FILE: file })))
      const stores = Effect.andThen(RateLimiter.RateLimiterStore, CircuitBreaker.CircuitBreakerStore)
      yield* Effect.provide(stores, NodeFlows.layerStoresConfig)
    }).pipe(
      Effect.scoped,
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: {} }))
    ))
})
