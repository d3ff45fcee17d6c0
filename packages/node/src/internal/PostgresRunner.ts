/**
 * A runner of a cluster that stores everything in PostgreSQL. Loaded on demand, as its driver is an optional peer.
 *
 * @since 0.1.0
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as PgClient from "@effect/sql-pg/PgClient"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import { RunnerAddress } from "effect/cluster/RunnerAddress"
import type { Sharding } from "effect/cluster/Sharding"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import type { ConfigError } from "effect/Config"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { SocketServerError } from "effect/socket/SocketServer"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

export const layer = ({ host, port, sharding, url }: {
  readonly url: Redacted.Redacted
  readonly host: string
  readonly port: number
  readonly sharding: Partial<ShardingConfig["Service"]> | undefined
}): Layer.Layer<Sharding | MessageStorage | SqlClient, SqlError | SocketServerError | ConfigError> =>
  NodeClusterSocket.layer({
    storage: "sql",
    shardingConfig: { ...sharding, runnerAddress: Option.some(RunnerAddress.make({ host, port })) }
  }).pipe(
    Layer.provideMerge(
      // The cluster would die of a database that it cannot reach; this fails with an error.
      Layer.tap(
        PgClient.layer({ url, applicationName: "effect-livedesk flows" }),
        (services) => Context.get(services, SqlClient)`SELECT 1`
      )
    )
  )
