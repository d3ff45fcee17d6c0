/**
 * Runs durable flows in one process with a file, or in many processes with PostgreSQL. The program is the same for
 * both.
 *
 * @since 0.1.0
 */
import * as CustomerReply from "@effect-livedesk/core/flows/CustomerReply"
import * as IntentLog from "@effect-livedesk/core/flows/IntentLog"
import * as Reconciliation from "@effect-livedesk/core/flows/Reconciliation"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type { RedisError } from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SocketServerError } from "effect/socket/SocketServer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as GuardedSqlite from "./internal/GuardedSqlite.ts"
import * as Setting from "./internal/Setting.ts"
import type * as NodeSqlite from "./NodeSqlite.ts"

/**
 * The services that the layers of this module provide.
 *
 * @category models
 * @since 0.1.0
 */
export type Provided =
  | WorkflowEngine
  | IntentLog.IntentLog
  | CustomerReply.ReplyStore
  | SqlClient
  | Sharding.Sharding
  | MessageStorage

/**
 * Options of a process that runs all flows by itself.
 *
 * @category options
 * @since 0.1.0
 */
export interface EmbeddedOptions {
  /** The file that stores the flows, created if it does not exist. */
  readonly file: string
  /** Settings of Effect's cluster, of which this is one runner. */
  readonly sharding?: Partial<ShardingConfig.ShardingConfig["Service"]> | undefined
}

/**
 * Options of a process that shares the flows with others.
 *
 * @category options
 * @since 0.1.0
 */
export interface ClusterOptions {
  /** The address of PostgreSQL, such as `postgres://user:password@host/database`. */
  readonly url: Redacted.Redacted
  /** The host at which other processes reach this one. Defaults to 127.0.0.1. */
  readonly host?: string | undefined
  /** The port for other processes. Defaults to 34431. Anyone who can reach it can run flows, so keep it internal. */
  readonly port?: number | undefined
  /** Settings of Effect's cluster. */
  readonly sharding?: Partial<ShardingConfig.ShardingConfig["Service"]> | undefined
}

const flows = Layer.merge(CustomerReply.layerRecovery, Reconciliation.layerReminder).pipe(
  Layer.provideMerge(CustomerReply.layer),
  Layer.provideMerge(Layer.merge(ClusterWorkflowEngine.layer, IntentLog.layer))
)

/**
 * Runs flows in this process, stored in a file. Fails with `SqliteFileError` for a file that another process has, that
 * holds something else, or that was copied or moved after a crash without the file beside it, whose name ends with `-wal`.
 *
 * At its start and every hour, it logs a warning for each step that waits for a person. Every minute, it passes on
 * customers' replies that a process stored before it died. So does `layerCluster`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerEmbedded = (
  { file, sharding }: EmbeddedOptions
): Layer.Layer<Provided, SqlError | NodeSqlite.SqliteFileError> =>
  flows.pipe(
    // Like Effect's `SingleRunner`, which also reads settings from the environment, such as `PORT`.
    Layer.provideMerge(Sharding.layer),
    Layer.provide(Runners.layerNoop),
    Layer.provideMerge(SqlMessageStorage.layer),
    // The file's lock keeps other processes out, and a process that restarts need not wait for a lease to expire.
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(ShardingConfig.layer({ entityMessagePollInterval: "1 second", ...sharding })),
    Layer.provide(NodeCrypto.layerDigest),
    Layer.provideMerge(GuardedSqlite.layer(file, { name: "file of flows", applicationId: 0x4c_44_46_4c }))
  )

/**
 * Runs flows in this process and others, stored in PostgreSQL. When a process dies, the others take over its flows.
 * Needs the package `@effect/sql-pg`, and fails with `ConfigError` if it is not installed.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerCluster = (
  { host = "127.0.0.1", port = 34431, sharding, url }: ClusterOptions
): Layer.Layer<Provided, SqlError | SocketServerError | Config.ConfigError> =>
  Layer.provideMerge(
    flows,
    Layer.unwrap(Effect.gen(function*() {
      const { layer } = yield* Effect.tryPromise(() => import("./internal/PostgresRunner.ts")).pipe(
        Effect.catch(() =>
          Setting.configError(
            "flows on a PostgreSQL (LIVEDESK_FLOWS_POSTGRES_URL) need @effect/sql-pg: npm install @effect/sql-pg"
          )
        )
      )
      return layer({ url, host, port, sharding })
    }))
  )

/**
 * Runs flows with settings from the environment:
 *
 * - `LIVEDESK_FLOWS_FILE`: the file of `layerEmbedded`. Defaults to `livedesk-flows.sqlite`.
 * - `LIVEDESK_FLOWS_POSTGRES_URL`: if set, selects `layerCluster`.
 * - `LIVEDESK_FLOWS_RUNNER_HOST`, `LIVEDESK_FLOWS_RUNNER_PORT`: where other processes of the cluster reach this one.
 *   Default to 127.0.0.1 and 34431.
 *
 * The `overrides` replace settings. A cluster also reads Effect's own settings from the environment, such as
 * `SHARD_LOCK_EXPIRATION`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  overrides: Partial<EmbeddedOptions & ClusterOptions> = {}
): Layer.Layer<Provided, SqlError | NodeSqlite.SqliteFileError | SocketServerError | Config.ConfigError> =>
  Layer.unwrap(Effect.gen(function*() {
    const settings = {
      file: overrides.file === undefined ? fileSetting : Config.succeed(overrides.file),
      host: overrides.host === undefined ? hostSetting : Config.succeed(overrides.host),
      port: overrides.port === undefined ? portSetting : Config.succeed(overrides.port),
      url: overrides.url === undefined ? postgresUrl : Config.succeed(overrides.url)
    }
    yield* Setting.check(Object.values(settings))
    const { file, host, port, url } = yield* Config.all(settings)
    const { sharding } = overrides
    const layer: ReturnType<typeof layerConfig> = Redacted.value(url) === ""
      ? layerEmbedded({ file, sharding })
      : layerCluster({ url, host, port, sharding })
    return layer
  }))

/**
 * Provides the stores of `RateLimit` and `Breaker` for a client's layer: in the Redis of `LIVEDESK_FLOWS_REDIS_URL`,
 * which all processes share, or in memory if that is not set.
 *
 * ```ts
 * NodeLiveDesk.layerConfig({ rateLimit: RateLimit.make({ limit: 10 }) }).pipe(Layer.provide(NodeFlows.layerStoresConfig))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStoresConfig: Layer.Layer<
  RateLimiter.RateLimiterStore | CircuitBreaker.CircuitBreakerStore,
  RedisError | Config.ConfigError
> = Layer.unwrap(Effect.map(
  Effect.suspend(() => redisUrl),
  (url) =>
    Redacted.value(url) === ""
      ? Layer.merge(RateLimiter.layerStoreMemory, CircuitBreaker.layerStoreMemory())
      : Layer.merge(RateLimiter.layerStoreRedis(), CircuitBreaker.layerStoreRedis()).pipe(
        Layer.provide(NodeRedis.layer({ url: Redacted.value(url) }))
      )
))

const address = (protocols: RegExp) =>
  Schema.String.check(
    Schema.makeFilter((text) =>
      text === "" || (URL.canParse(text) && protocols.test(text)) ? undefined : "expected an address"
    )
  )

const postgresUrl = Config.map(
  Setting.make({
    name: "LIVEDESK_FLOWS_POSTGRES_URL",
    what: "the address of the PostgreSQL that holds the flows, or leave it out",
    example: "postgres://user:password@db.example/livedesk",
    schema: address(/^postgres(?:ql)?:\/\//),
    whenMissing: ""
  }),
  (url) => Redacted.make(url, { label: "LIVEDESK_FLOWS_POSTGRES_URL" })
)

const redisUrl = Config.map(
  Setting.make({
    name: "LIVEDESK_FLOWS_REDIS_URL",
    what: "the address of the Redis that the processes share, or leave it out",
    example: "redis://user:password@redis.example:6379",
    schema: address(/^rediss?:\/\//),
    whenMissing: ""
  }),
  (url) => Redacted.make(url, { label: "LIVEDESK_FLOWS_REDIS_URL" })
)

const fileSetting = Setting.make({
  name: "LIVEDESK_FLOWS_FILE",
  what: "the file that holds the flows, or leave it out",
  example: "/var/lib/example/livedesk-flows.sqlite",
  schema: Schema.NonEmptyString,
  whenMissing: "livedesk-flows.sqlite"
})

const hostSetting = Setting.make({
  name: "LIVEDESK_FLOWS_RUNNER_HOST",
  what: "the host at which the other processes reach this one, or leave it out",
  example: "10.0.0.7",
  schema: Schema.NonEmptyString,
  whenMissing: "127.0.0.1"
})

const portSetting = Setting.make({
  name: "LIVEDESK_FLOWS_RUNNER_PORT",
  what: "the port at which the other processes reach this one, or leave it out",
  example: "34431",
  schema: Schema.NumberFromString.pipe(
    Schema.decodeTo(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })))
  ),
  whenMissing: 34431
})
