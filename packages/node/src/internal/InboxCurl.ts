/**
 * A request to the emulator as a command for a POSIX shell.
 *
 * @since 0.1.0
 */
import type { BodyView, ExchangeView } from "./InboxView.ts"

/** A word of which a shell reads nothing but the text. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Characters that a terminal would act on when the command is pasted. */
const control = /[\p{Cc}\p{Zl}\p{Zp}](?<![\t\n])/u

/** The command that sends a request again, with the credentials as variables; or why there is none. */
export const commandOf = (
  origin: string,
  method: string,
  { request, requestType, url }: {
    readonly url: string
    readonly requestType: string
    readonly request: BodyView
  }
): ExchangeView["curl"] => {
  if (!request.isWhole) return { problem: "The body is too long: it is not kept whole." }
  if (request.text === null) return { problem: "The body is no text." }
  if (control.test(`${method}${url}${requestType}${request.text}`)) {
    return { problem: "The request has control characters, which a terminal may act on." }
  }
  return {
    command: [
      // Neither brackets nor dots in the address mean anything to curl then.
      `curl --globoff --path-as-is ${method === "HEAD" ? "--head" : `--request ${quote(method)}`}`,
      "--user \"$LIVEDESK_API_KEY:$LIVEDESK_API_SECRET\"",
      ...(requestType === "" ? [] : [`--header ${quote(`content-type: ${requestType}`)}`]),
      ...(request.length === 0 ? [] : [`--data-raw ${quote(request.text)}`]),
      quote(`${origin}${url}`)
    ].join(" \\\n  ")
  }
}
