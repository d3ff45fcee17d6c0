/**
 * A request to an emulator behind a server, and the response to it, as far as they are kept.
 *
 * @since 0.1.0
 */

/**
 * The beginning of a body, up to 64 KiB.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeptBody {
  readonly head: Uint8Array
  /** The length of the whole body, in bytes. */
  readonly length: number
}

/**
 * A request and its response, without their headers, and so without credentials.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  /** The path and the query, as they were sent. */
  readonly url: string
  /** The request's `Content-Type`, "" if it has none. */
  readonly requestType: string
  readonly request: KeptBody
  /** The response's `Content-Type`, "" before it begins or if it has none. */
  readonly responseType: string
  /** The response as far as it was sent. */
  readonly response: KeptBody
}
