/**
 * A request to the emulator as the page of its inbox shows it opened.
 *
 * @since 0.1.0
 */
import type { Exchange, KeptBody } from "@effect-livedesk/core/testing/Exchange"
import * as InboxCurl from "./InboxCurl.ts"
import type { BodyView, ExchangeView } from "./InboxView.ts"

const bodyOf = ({ head, length }: KeptBody): BodyView => {
  const isWhole = head.byteLength === length
  try {
    // The last character may be cut: only then is there more to come.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, { stream: !isWhole })
    return { text, length, isWhole }
  } catch {
    return { text: null, length, isWhole }
  }
}

export const viewOf = (origin: string, method: string, exchange: Exchange): ExchangeView => {
  const { requestType, responseType, url } = exchange
  const request = bodyOf(exchange.request)
  return {
    url,
    requestType,
    request,
    responseType,
    response: bodyOf(exchange.response),
    curl: InboxCurl.commandOf(origin, method, { url, requestType, request })
  }
}
