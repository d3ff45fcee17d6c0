/**
 * The emulated LiveDesk on a port, for programs and languages that need a real one to talk to.
 *
 * @since 0.1.0
 */
import * as LiveDeskApi from "@effect-livedesk/core/LiveDeskApi"
import * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { createServer } from "node:http"
import * as NodeEmulatorFile from "./NodeEmulatorFile.ts"

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
  /**
   * A file of JSON to go on from, if it is there, and to save to: soon after each change, and when the layer's scope
   * ends. Without one, what the emulator holds ends with it.
   */
  readonly file?: string | undefined
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
 * Provides an emulator on a port, and the emulator's state. Beside the API it serves the OpenAPI document at
 * `/openapi.json`, and at `/docs` a page to browse and to try it, which needs no network but this machine's own. Its
 * calendar starts today unless `startsAt` says otherwise. Fails when the port is taken, and when `file` cannot be read or
 * holds something else.
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
): Layer.Layer<
  NodeEmulator | Emulator.Emulator,
  HttpServerError.ServeError | NodeEmulatorFile.EmulatorFileError
> =>
  Layer.effect(
    NodeEmulator,
    Effect.gen(function*() {
      const { httpEffect } = yield* Emulator.Emulator
      yield* HttpServer.serveEffect(
        yield* HttpRouter.toHttpEffect(Layer.mergeAll(documentation, HttpRouter.add("*", "/*", httpEffect)))
      )
      return { baseUrl: yield* HttpServer.addressFormattedWith(Effect.succeed) }
    })
  ).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), {
      port: options?.port ?? 0,
      host: options?.host ?? "127.0.0.1"
    })),
    Layer.provideMerge(Layer.effect(
      Emulator.Emulator,
      Effect.gen(function*() {
        const setup = { startsAt: yield* DateTime.now, ...options }
        if (options?.file === undefined) return yield* Emulator.make(setup)
        const saved = yield* NodeEmulatorFile.load(options.file)
        const emulator = yield* Emulator.make({
          ...setup,
          ...Option.match(saved, {
            onNone: () => ({}),
            onSome: (state) => ({ state })
          })
        })
        yield* NodeEmulatorFile.keep(options.file, emulator)
        return emulator
      })
    ))
  )

/** The document, with the emulator for a server. */
const document = () => ({
  ...LiveDeskApi.make(),
  servers: [{
    url: "/",
    description: "The emulator. Unless set otherwise its API key is emulator-key, its secret emulator-secret."
  }]
})

/** So that nothing on the page, which can do more than browse, reaches beyond the emulator. */
const onlyItself = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

/** Made when first asked for: it costs more than the emulator, and most never ask. */
const documentation = Layer.unwrap(Effect.gen(function*() {
  const described = yield* Effect.cached(Effect.sync(document))
  const scope = yield* Effect.scope
  const page = yield* Effect.cached(
    Effect.flatMap(described, (document) =>
      HttpRouter.toHttpEffect(
        // The document is complete: the API in which Effect would look for one is empty.
        HttpApiScalar.layer(HttpApi.make("LiveDesk").annotate(OpenApi.Transform, () => document), {
          scalar: { withDefaultFonts: false }
        })
      )).pipe(Scope.provide(scope))
  )
  return Layer.merge(
    HttpRouter.add(
      "GET",
      "/openapi.json",
      Effect.map(described, (document) => HttpServerResponse.jsonUnsafe(document))
    ),
    HttpRouter.add(
      "GET",
      "/docs",
      Effect.map(Effect.flatten(page), HttpServerResponse.setHeader("content-security-policy", onlyItself))
    )
  )
}))
