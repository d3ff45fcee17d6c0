/**
 * A `Transport` over the platform's `fetch`, for browsers and edge runtimes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as Layer from "effect/Layer"
import * as Transport from "./Transport.ts"

// Core is compiled without a platform's types; these are the parts of fetch that it needs.
interface FetchResponse {
  readonly status: number
  readonly headers: Iterable<readonly [name: string, value: string]>
  readonly body: null | {
    readonly getReader: () => {
      readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
      readonly cancel: () => Promise<void>
    }
  }
}
interface Form {
  append: (name: string, value: unknown) => void
}
declare const fetch: (url: string, init: { readonly [option: string]: unknown }) => Promise<FetchResponse>
declare const FormData: new() => Form

/**
 * Provides the platform's `fetch` as a `Transport`, for `LiveDeskClient.layerTransport`. As in every use of `fetch`, a
 * request with a 421 response is retried by the platform, and some failures carry less detail than undici's: a call whose
 * timeout passes is `Unknown` even if there was no connection, since `fetch` does not report one.
 *
 * ```ts
 * const live = LiveDeskClient.layerTransport({ apiKey, apiSecret }).pipe(Layer.provide(FetchTransport.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Transport.Transport> = Layer.succeed(Transport.Transport, {
  dispatch: (request, handler) =>
    Effect.callback((resume, signal) => {
      dispatch(request, handler, signal).then(
        () => resume(Effect.void),
        (cause) => resume(Effect.fail(new Transport.DispatchError({ cause, sentInParts: request.form !== undefined })))
      )
    })
})

const dispatch = async (
  request: Transport.RequestToSend,
  handler: Transport.ResponseHandler,
  signal: unknown
): Promise<void> => {
  const { body, headers, status } = await fetch(`${request.origin}${Transport.target(request)}`, {
    method: request.method,
    headers: request.headers,
    body: request.form === undefined ? request.body : formOf(request.form),
    // Fetch would send a redirected POST on with its credentials, or turn it into a GET that returns 200.
    redirect: "manual",
    credentials: "omit",
    signal
  })
  handler.start(status, Object.fromEntries(headers))
  if (body === null) return
  const reader = body.getReader()
  while (true) {
    const { done, value } = await reader.read()
    if (done) return
    if (value !== undefined && !handler.take(value)) return reader.cancel()
  }
}

const formOf = (fields: HttpBody.FormDataInput): Form => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    for (const single of Array.isArray(value) ? value : [value]) form.append(name, single)
  }
  return form
}
