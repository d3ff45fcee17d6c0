/** Does one thing so many times, in a process of its own, and reports what that took. Needs `--expose-gc`. */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as ConversationFlow from "@effect-livedesk/core/flows/ConversationFlow"
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { Webhooks } from "@effect-livedesk/core/webhooks"
import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import * as NodeLiveDesk from "@effect-livedesk/node/NodeLiveDesk"
import { Clock, Effect, Layer, Redacted, References, Stream } from "effect"
import { createHmac } from "node:crypto"
import { Pool } from "undici"
import * as Sample from "./Sample.ts"

/** What to do. */
export interface Task {
  readonly topic: "calls" | "contacts" | "webhooks" | "flows" | "load"
  readonly baseUrl: string
  readonly count: number
  /** Which part of the flows this process starts, of how many. */
  readonly part?: readonly [index: number, of: number]
  readonly authorization?: string
}

/** What it took. */
export interface Result {
  readonly seconds: number
  /** The CPU time of all, in microseconds. */
  readonly cpu: number
  /** The most that the heap had in use, after garbage collections, beyond what it had at first, in bytes. */
  readonly heap: number
  /** The most memory that the process has had, in bytes. */
  readonly memory: number
}

const inboxId = 407

let [atFirst, most] = [0, 0]

/** What looking at the heap took, which is left out. */
let looking = { cpu: 0, seconds: 0 }

const inUse = () => {
  const [before, start] = [process.cpuUsage(), performance.now()]
  globalThis.gc?.()
  const { heapUsed } = process.memoryUsage()
  const { system, user } = process.cpuUsage(before)
  looking = {
    cpu: looking.cpu + system + user,
    seconds: looking.seconds + (performance.now() - start) / 1000
  }
  return heapUsed
}

/** Looks at the heap ten times on the way. */
const observe = (done: number, count: number) => {
  if (done % Math.max(1, Math.floor(count / 10)) === 0) most = Math.max(most, inUse() - atFirst)
}

const credentials = { apiKey: Redacted.make("key"), apiSecret: Redacted.make("secret") }

const calls = Effect.fnUntraced(function*({ count }: Task) {
  const { create } = yield* Contacts.Contacts
  let done = 0
  const call = Effect.suspend(() => create({ inboxId, name: "Customer" })).pipe(
    Effect.map(() => observe(++done, count)),
    Effect.orDie
  )
  yield* each(count, 64, () => call)
})

const each = <E, R>(count: number, concurrency: number, run: (index: number) => Effect.Effect<unknown, E, R>) => {
  let next = 0
  const worker = Effect.whileLoop({
    while: () => next < count,
    body: () => run(next++),
    step: () => {}
  })
  return Effect.all(Array.from({ length: concurrency }, () => worker), { concurrency: "unbounded", discard: true })
}

const contacts = Effect.fnUntraced(function*({ count }: Task) {
  const { stream } = yield* Contacts.Contacts
  let read = 0
  yield* Effect.orDie(Stream.runForEach(stream({}), () => Effect.sync(() => observe(++read, count))))
  if (read !== count) return yield* Effect.die(new Error(`read ${read} of ${count}`))
})

const secret = "bench-secret"
const path = "/webhooks/livedesk"
const sample = JSON.stringify(WebhookDelivery.payload("message_created", { id: 4711 }))

/** A delivery of a message with this id, signed by Node's own HMAC. */
const makeRequest = (id: number, millis: number): Request => {
  const body = sample.replace("4711", String(id))
  const timestamp = String(Math.floor(millis / 1000))
  return new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-chatwoot-delivery": `bench-${id}`,
      "x-chatwoot-timestamp": timestamp,
      "x-chatwoot-signature": `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`
    },
    body
  })
}

const webhooks = Effect.fnUntraced(function*({ count }: Task) {
  let handled = 0
  const { dispose, handler } = Webhooks.toWebHandler({
    path,
    verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
    handler: () => Effect.sync(() => void handled++)
  })
  yield* each(count, 16, (id) =>
    Effect.gen(function*() {
      const request = makeRequest(id, yield* Clock.currentTimeMillis)
      const response = yield* Effect.promise(() => handler(request))
      yield* Effect.promise(() => response.text())
      observe(handled, count)
    }))
  yield* Effect.promise(dispose)
  if (handled !== count) return yield* Effect.die(new Error(`handled ${handled} of ${count}`))
})

const flows = Effect.fnUntraced(function*({ count, part: [index, of] = [0, 1] }: Task) {
  yield* each(Math.ceil((count - index) / of), 256, (number) =>
    Effect.orDie(ConversationFlow.run({
      id: "campaign",
      inboxId,
      contact: { email: `c${number * of + index}@acme.inc` },
      message: { content: "Hello" }
    })))
})

/** What a test does, by undici alone: makes a contact, finds it, and sends it a message. */
const load = async ({ authorization = "", baseUrl, count }: Task) => {
  const pool = new Pool(baseUrl, { connections: 16 })
  const headers = { ...Sample.headers, authorization }
  const request = async (method: "GET" | "POST", path: string, body?: object) => {
    const response = await pool.request({
      method,
      path: `/api/v2/accounts/${path}`,
      headers,
      body: body === undefined ? null : JSON.stringify(body)
    })
    // Only this benchmark's servers respond here.
    const value = await response.body.json() as { readonly id: number; readonly payload: { readonly contact: Contact } }
    if (response.statusCode !== 200) throw new Error(`${method} ${path} got ${response.statusCode}`)
    return value
  }
  let next = 0
  const worker = async () => {
    while (next < count) {
      const email = `c${next++}@acme.inc`
      const { payload: { contact } } = await request("POST", "contacts", { inbox_id: inboxId, email, name: "Customer" })
      await request("GET", `contacts?q=${encodeURIComponent(email)}&page=1`)
      const { id } = await request("POST", "conversations", { inbox_id: inboxId, contact_id: contact.id })
      await request("POST", `conversations/${id}/messages`, { content: "Hello" })
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  await pool.close()
}

interface Contact {
  readonly id: number
}

const measured = <E, R>(run: Effect.Effect<unknown, E, R>): Effect.Effect<Result, E, R> =>
  Effect.gen(function*() {
    atFirst = inUse()
    looking = { cpu: 0, seconds: 0 }
    const [before, start] = [process.cpuUsage(), performance.now()]
    yield* run
    const { system, user } = process.cpuUsage(before)
    const seconds = (performance.now() - start) / 1000
    const [cpu, time] = [system + user - looking.cpu, seconds - looking.seconds]
    return {
      seconds: time,
      cpu,
      heap: Math.max(most, inUse() - atFirst),
      memory: process.resourceUsage().maxRSS * 1024
    }
  })

const programOf = (task: Task): Effect.Effect<unknown, unknown> => {
  const report = (result: Result) => Effect.sync(() => process.send?.(result))
  const client = NodeLiveDesk.layer({ baseUrl: task.baseUrl, ...credentials, onDrift: "ignore" })
  switch (task.topic) {
    case "calls":
      return measured(calls(task)).pipe(Effect.provide(client), Effect.flatMap(report))
    case "contacts":
      return measured(contacts(task)).pipe(Effect.provide(client), Effect.flatMap(report))
    case "webhooks":
      return Effect.flatMap(measured(webhooks(task)), report)
    case "load":
      return Effect.flatMap(measured(Effect.promise(() => load(task))), report)
    case "flows":
      return measured(flows(task)).pipe(
        Effect.flatMap(report),
        // It serves the flows of the other processes until their end.
        Effect.andThen(Effect.never),
        Effect.provide(
          ConversationFlow.layer().pipe(
            Layer.provide(client),
            Layer.provideMerge(NodeFlows.layerConfig())
          )
        )
      )
  }
}

process.on("message", (task: Task) =>
  void Effect.runPromise(
    Effect.provideService(programOf(task), References.MinimumLogLevel, "Warn")
  ))
process.on("disconnect", () => process.exit())
process.send?.("ready")
