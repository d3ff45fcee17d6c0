/**
 * The calls that commands make: with settings from the environment, or for show only.
 *
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"

/**
 * Whether requests are shown and not sent.
 *
 * @category flags
 * @since 0.1.0
 */
export const DryRun = GlobalFlag.Setting("dry-run")({
  flag: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Print the first request that would be sent, credentials masked, and send nothing"),
    Flag.withDefault(false)
  )
})

/**
 * A flag that may be left out.
 *
 * @category flags
 * @since 0.1.0
 */
export const optional = <A>(flag: Flag.Flag<A>): Flag.Flag<A | undefined> =>
  Flag.map(Flag.optional(flag), Option.getOrUndefined)

/**
 * The channel to work in.
 *
 * @category flags
 * @since 0.1.0
 */
export const inbox: Flag.Flag<number | undefined> = Flag.Int("inbox").pipe(
  Flag.withDescription("The Channel ID; LIVEDESK_INBOX_ID unless given"),
  optional
)

/**
 * The channel that was named, or the setting's.
 *
 * @category settings
 * @since 0.1.0
 */
export const inboxId = (named: number | undefined): Effect.Effect<number, Config.ConfigError> =>
  Effect.gen(function*() {
    return named ?? (yield* NodeLiveDesk.inboxId)
  })

/**
 * Makes calls and prints what comes of them; with `--dry-run`, prints the first request and sends nothing.
 *
 * @category running
 * @since 0.1.0
 */
export const perform = Effect.fnUntraced(function*<A, E>(
  call: Effect.Effect<A, E, NodeLiveDesk.Provided>,
  rows: (value: A) => CommandOutput.Row | ReadonlyArray<CommandOutput.Row>
) {
  if (yield* DryRun) return yield* show(call)
  yield* CommandOutput.print(yield* Effect.provide(call, NodeLiveDesk.layerConfig()), rows)
})

const show = Effect.fnUntraced(function*<A, E>(call: Effect.Effect<A, E, NodeLiveDesk.Provided>) {
  const first = yield* Deferred.make<HttpClientRequest.HttpClientRequest>()
  const client = HttpClient.make((request) => Effect.andThen(Deferred.succeed(first, request), Effect.never))
  const request = yield* call.pipe(
    Effect.provide(
      Layer.provide(NodeLiveDesk.layerConfigNoHttpClient(), Layer.succeed(HttpClient.HttpClient, client))
    ),
    Effect.as(Option.none<HttpClientRequest.HttpClientRequest>()),
    Effect.raceFirst(Effect.asSome(Deferred.await(first)))
  )
  if (Option.isNone(request)) return
  const { body, headers, method, url, urlParams } = request.value
  const query = UrlParams.toString(urlParams)
  const shown = {
    method,
    url: query === "" ? url : `${url}?${query}`,
    headers: { ...headers, authorization: "Basic <masked>" },
    body: bodyOf(body)
  }
  if (yield* CommandOutput.Json) return yield* Console.log(CommandOutput.json(shown))
  yield* Console.log(
    [
      `${shown.method} ${shown.url}`,
      ...Object.entries(shown.headers).map(([name, value]) => `${name}: ${value}`),
      ...(shown.body === undefined ? [] : ["", CommandOutput.json(shown.body)])
    ].join("\n")
  )
})

const bodyOf = (body: HttpBody.HttpBody): unknown => {
  switch (body._tag) {
    case "Uint8Array":
      return parsed(new TextDecoder().decode(body.body))
    case "FormData":
      return Array.from(body.formData.entries(), ([name, value]) => ({
        name,
        ...(typeof value === "string" ? { value } : { file: value.name, type: value.type, bytes: value.size })
      }))
    case "Empty":
    case "Raw":
    case "Stream":
      return undefined
  }
}

const parsed = (text: string): unknown => JSON.parse(text)
