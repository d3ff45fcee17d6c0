import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { BodyView, ExchangeView, RequestView } from "../../src/internal/InboxView.ts"
import { Copy } from "./Copy.tsx"
import { view } from "./Live.ts"
import { pretty } from "./Pretty.ts"
import { Moment, Time, took } from "./Time.tsx"
import { tone } from "./Tone.ts"

const outcome = ({ status, took }: RequestView): string =>
  status !== null ? String(status) : took === null ? "waits" : "lost"

/** Breaks where its parts begin, if it must. */
const Path = ({ path }: { readonly path: string }) => (
  <bdi>{path.split(/(?=[/?&])/).map((part, index) => index === 0 ? part : [<wbr key={index} />, part])}</bdi>
)

const Body = ({ body: { isWhole, length, text }, name, type }: {
  readonly name: string
  readonly type: string
  readonly body: BodyView
}) => (
  <>
    <h3 class="part">
      {name}{" "}
      <span class="faint">
        {length === 0 ? "no body" : `${type === "" ? "" : `${type}, `}${length.toLocaleString("en")} bytes`}
      </span>
    </h3>
    {length === 0 ?
      null :
      text === null ?
      <p class="small">It is no text.</p> :
      <pre dir="auto" tabIndex={0} role="region" aria-label={name}>{isWhole ? pretty(text) : text}</pre>}
    {isWhole || text === null ? null : <p class="small">Only the beginning is kept.</p>}
  </>
)

const Exchange = ({ exchange }: { readonly exchange: ExchangeView }) => {
  const { curl, request, requestType, response, responseType, url } = exchange
  const at = url.indexOf("?")
  const query = at < 0 ? [] : [...new URLSearchParams(url.slice(at))]
  return (
    <>
      <div class="copies">
        {"command" in curl
          ? <Copy text={curl.command}>Copy as curl</Copy>
          : <p class="small">It cannot be copied as curl. {curl.problem}</p>}
      </div>
      {query.length === 0 ? null : (
        <>
          <h3 class="part">Query</h3>
          <dl class="fields">
            {query.map(([name, value], index) => (
              <div key={index}>
                <dt>
                  <bdi>{name}</bdi>
                </dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <Body name="Request" type={requestType} body={request} />
      <Body name="Response" type={responseType} body={response} />
    </>
  )
}

const load = async (number: number): Promise<ExchangeView | string> => {
  try {
    const response = await fetch(`/inbox/request?number=${number}`)
    const body = await response.json()
    return response.ok ? body : String(body.error)
  } catch {
    return "the emulator could not be reached"
  }
}

/** What is known of a request beyond its row. */
const Detail = ({ request }: { readonly request: RequestView }) => {
  const { at, method, number, path, status } = request
  const keeps = view.value?.keepsBodies === true
  const known = useSignal<ExchangeView | string | undefined>(undefined)
  useEffect(() => {
    if (!keeps) return
    let isGone = false
    void load(number).then((loaded) => {
      if (!isGone) known.value = loaded
    })
    return () => {
      isGone = true
    }
    // A response may still be on its way.
  }, [number, status, request.took, keeps])
  return (
    <div class="detail">
      <p>
        <b>{method}</b>{" "}
        <code>
          <Path path={path} />
        </code>
      </p>
      <p class="small">
        {status === null ? outcome(request) : `Status ${status}`}
        {request.took === null ? "" : `, took ${took(request.took)}`} · <Moment at={at} />
      </p>
      {!keeps
        ? (
          <p class="small">
            Queries and bodies are not kept. <code>keepsBodies: true</code> of <code>NodeEmulator.layer</code>{" "}
            keeps them, and <code>livedesk emulator</code> without <code>--no-keep-bodies</code>.
          </p>
        )
        : typeof known.value === "string"
        ? <p class="small">Nothing more is known: {known.value}.</p>
        : known.value === undefined
        ? null
        : <Exchange exchange={known.value} />}
    </div>
  )
}

const Request = ({ enter, isEntry, request }: {
  readonly request: RequestView
  readonly isEntry: boolean
  readonly enter: () => void
}) => {
  const isOpen = useSignal(false)
  const { method, number, operation, path } = request
  const isKnown = !operation.startsWith(`${method} `)
  return (
    <>
      <tr class={isOpen.value ? "opened" : ""}>
        <td>
          <span class={`status ${tone(request.status)}`}>{outcome(request)}</span>
        </td>
        <td class="wide">
          <button
            type="button"
            class="reveal"
            data-request
            aria-expanded={isOpen.value}
            tabIndex={isEntry ? 0 : -1}
            onFocus={enter}
            onClick={() => {
              isOpen.value = !isOpen.value
            }}
          >
            {isKnown ? <b>{operation}</b> : (
              <>
                <b>{method}</b> <Path path={path} />
              </>
            )}
            {isKnown
              ? (
                <span class="small path">
                  {method} <Path path={path} />
                </span>
              )
              : null}
          </button>
          {request.fault === null ? null : <span class="chip fault">{request.fault}</span>}
        </td>
        <td class="number">{request.took === null ? "…" : took(request.took)}</td>
        <td class="number">
          <Time at={request.at} />
        </td>
      </tr>
      {isOpen.value
        ? (
          <tr>
            <td colSpan={4} class="opened" id={`request-${number}`}>
              <Detail request={request} />
            </td>
          </tr>
        )
        : null}
    </>
  )
}

/** The arrow keys go from request to request: Tab comes to one of them alone. */
const move = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void => {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-request]")]
  const from = buttons.findIndex((button) => button === document.activeElement)
  const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: buttons.length - 1 }[event.key]
  if (from < 0 || to === undefined) return
  event.preventDefault()
  buttons[Math.max(0, Math.min(to, buttons.length - 1))]?.focus()
}

export const Requests = () => {
  const requests = view.value?.requests ?? []
  const active = useSignal<number | undefined>(undefined)
  if (requests.length === 0) {
    return <p class="empty">No requests yet. Those of your program appear here, and open to show what was sent.</p>
  }
  const entry = requests.some(({ number }) => number === active.value) ? active.value : requests[0]?.number
  return (
    <table>
      <caption class="hidden">The last requests, the latest first</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Request</th>
          <th scope="col">Took</th>
          <th scope="col">At</th>
        </tr>
      </thead>
      <tbody onKeyDown={move}>
        {requests.map((request) => (
          <Request
            key={request.number}
            request={request}
            isEntry={request.number === entry}
            enter={() => {
              active.value = request.number
            }}
          />
        ))}
      </tbody>
    </table>
  )
}
