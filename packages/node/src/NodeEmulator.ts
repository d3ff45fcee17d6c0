/**
 * The emulated LiveDesk on a port, for programs and languages that need a real one to talk to.
 *
 * @since 0.1.0
 */
import * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

/**
 * How the emulator is set up and where it listens.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Emulator.Options {
  /** The port; a free one unless given. */
  readonly port?: number | undefined
  /** The address to listen on; 127.0.0.1 unless given, which only this machine reaches. */
  readonly host?: string | undefined
}

/**
 * Where the emulator listens.
 *
 * @category services
 * @since 0.1.0
 */
export class NodeEmulator extends Context.Service<NodeEmulator, {
  /** What a client takes as its `baseUrl`. */
  readonly baseUrl: string
}>()("@effect-livedesk/node/NodeEmulator") {}

/**
 * Provides an emulator on a port, and the emulator's state. Its calendar starts today unless `startsAt` says otherwise.
 * Fails when the port is taken.
 *
 * ```ts
 * const { baseUrl } = yield* NodeEmulator.NodeEmulator
 * const { credentials } = yield* Emulator.Emulator
 * program.pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...credentials })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<NodeEmulator | Emulator.Emulator, HttpServerError.ServeError> =>
  Layer.effect(
    NodeEmulator,
    Effect.gen(function*() {
      const { httpEffect } = yield* Emulator.Emulator
      yield* HttpServer.serveEffect(httpEffect)
      return { baseUrl: yield* HttpServer.addressFormattedWith(Effect.succeed) }
    })
  ).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), {
      port: options?.port ?? 0,
      host: options?.host ?? "127.0.0.1"
    })),
    Layer.provideMerge(Layer.effect(
      Emulator.Emulator,
      Effect.flatMap(DateTime.now, (now) => Emulator.make({ startsAt: now, ...options }))
    ))
  )
