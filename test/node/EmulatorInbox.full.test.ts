import { Contacts, Conversations, Messages, Tickets } from "@effect-livedesk/core"
import { AgentStore } from "@effect-livedesk/core/agents"
import { Emulator, EmulatorState, Faults } from "@effect-livedesk/core/testing"
import { DeliveryStore, type WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import Axe from "axe-core"
import { Context, DateTime, Effect, HashMap, Layer, Option, Queue, References, Result } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import type { Page } from "playwright-core"
import * as AgentWorld from "../AgentWorld.ts"
import * as Browser from "../Browser.ts"
import * as FreePort from "../FreePort.ts"

if (!Browser.isInstalled) process.stderr.write("Chromium is not installed: the emulator's inbox is left out\n")

const phone = { width: 360, height: 740 }

/** A program's webhook handler, and the events it got. */
const receiver = Effect.gen(function*() {
  const reported = yield* Queue.unbounded<WebhookEvent.WebhookEvent>()
  const routes = Webhooks.layer({
    path: "/livedesk",
    verification: Webhooks.unverified,
    ownMessages: "handle",
    handler: (event) => Queue.offer(reported, event)
  })
  const serving = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(DeliveryStore.layer),
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
  )
  const { address } = Context.get(yield* Layer.build(serving), HttpServer.HttpServer)
  const next = <Tag extends WebhookEvent.WebhookEvent["_tag"]>(tag: Tag) =>
    Effect.repeat(Queue.take(reported), { until: (event) => event._tag === tag })
  return { url: `${HttpServer.formatAddress(address)}/livedesk`, next }
})

/** An emulator, and a program's services at it. */
const run = Effect.fnUntraced(function*(options: NodeEmulator.Options = {}) {
  const world = yield* Layer.build(NodeEmulator.layerLiveDesk(options))
  const { baseUrl } = Context.get(world, NodeEmulator.NodeEmulator)
  const start = Effect.fnUntraced(function*(name: string, content: string) {
    const { contact } = yield* Contacts.Contacts.use((contacts) => contacts.create({ inboxId: 407, name }))
    const conversation = yield* Conversations.Conversations.use((conversations) =>
      conversations.create({ inboxId: 407, contactId: contact.id })
    )
    yield* Messages.Messages.use((messages) => messages.send({ conversationId: conversation.id, content }))
    return conversation
  }, Effect.provide(world))
  return { baseUrl, world, emulator: Context.get(world, Emulator.Emulator), start }
})

/** The same, and its inbox in a browser. */
const open = Effect.fnUntraced(function*(
  options?: NodeEmulator.Options,
  page?: Parameters<typeof Browser.open>[2]
) {
  const program = yield* run(options)
  return { ...program, ...(yield* Browser.open(yield* Browser.make, `${program.baseUrl}/inbox`, page)) }
})

/** As many contacts, each with a conversation. */
const withMany = (count: number) => (state: EmulatorState.EmulatorState): EmulatorState.EmulatorState =>
  Array.from({ length: count }, (_, index) => index + 1).reduce(
    (state, id) =>
      EmulatorState.putConversation(
        EmulatorState.putContact(state, EmulatorState.makeContact({ id, name: `Contact ${id}` })),
        EmulatorState.makeConversation({ id, contactId: id, inboxId: 407 })
      ),
    state
  )

/** The limits of an agent, which no test reaches. */
const limits = {
  messagesPerMinuteInConversation: 99,
  messagesPerMinute: 99,
  conversationsPerHour: 99,
  otherWritesPerMinute: 99
}

const see = <A>(look: () => Promise<A>): Effect.Effect<A> => Effect.promise(look)

const row = (page: Page, name: string) => page.getByRole("list").getByRole("button", { name })

/** Whether anything is too wide for the page, or for the pane that it is in. */
const scrollsSideways = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("section, .scroll")]
      .some(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
  )

/** What axe finds wrong, with where. */
const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(Axe.source)
  return page.evaluate(async () => {
    // @ts-expect-error It is the script's own global.
    const { violations } = await globalThis.axe.run(document)
    return violations.flatMap(({ id, nodes }: { id: string; nodes: Array<{ html: string; failureSummary: string }> }) =>
      nodes.map(({ failureSummary, html }) => `${id}: ${html} ${failureSummary}`)
    )
  })
}

describe.skipIf(!Browser.isInstalled)("the emulator's inbox (left out where Chromium is not installed)", () => {
  it.live("shows without a reload what a program does", () =>
    Effect.gen(function*() {
      const { asked, baseUrl, complaints, page, start } = yield* open()
      yield* see(() => page.getByText("No conversations yet").waitFor())
      yield* see(() => page.evaluate(() => document.body.setAttribute("data-kept", "")))
      const { id } = yield* start("Alice", "Your parcel is on its way.")
      yield* see(() => row(page, "Alice").click())
      yield* see(() => page.getByRole("region", { name: "Messages" }).getByText("Your parcel is on its way.").waitFor())
      yield* see(() => page.getByRole("row", { name: /200 messages\.send/ }).waitFor())
      yield* see(() => page.getByRole("tab", { name: "Contacts 1" }).click())
      yield* see(() => page.getByRole("list", { name: "Contacts" }).getByText("Alice").waitFor())
      assert.strictEqual(yield* see(() => page.locator("body[data-kept]").count()), 1)
      assert.strictEqual(page.url(), `${baseUrl}/inbox#${id}`)
      assert.deepStrictEqual(complaints, [])
      assert.deepStrictEqual(asked.filter((url) => !url.startsWith(`${baseUrl}/inbox`) && !url.startsWith("data:")), [])
    }).pipe(Effect.scoped))

  it.live("brings what an agent writes there to the program's webhook handler", () =>
    Effect.gen(function*() {
      const { next, url } = yield* receiver
      const { page, start } = yield* open({ webhook: { url } })
      const { id } = yield* start("Alice", "Hello")
      yield* next("MessageCreated")
      yield* see(() => row(page, "Alice").click())
      const write = (content: string, as: string) =>
        see(async () => {
          await page.getByLabel("As").selectOption(as)
          await page.getByLabel("Message", { exact: true }).fill(content)
          await page.getByRole("button", { name: "Send", exact: true }).click()
          await page.getByRole("region", { name: "Messages" }).getByText(content).waitFor()
        })
      const reported = Effect.map(
        next("MessageCreated"),
        (event) =>
          event._tag === "MessageCreated"
            ? {
              conversation: event.conversation.id,
              content: Option.getOrUndefined(event.message.content),
              type: event.message.messageType,
              private: event.message.private,
              sender: Option.getOrUndefined(Option.flatMap(event.message.sender, ({ type }) => type))
            }
            : undefined
      )
      const sent = { conversation: id, private: false, type: "outgoing", sender: "user" }
      yield* write("It is at your door.", "agent")
      assert.deepStrictEqual(yield* reported, { ...sent, content: "It is at your door." })
      yield* write("She is angry.", "note")
      assert.deepStrictEqual(yield* reported, { ...sent, content: "She is angry.", private: true })
      yield* write("Thank you!", "contact")
      assert.deepStrictEqual(yield* reported, { ...sent, content: "Thank you!", type: "incoming", sender: undefined })
    }).pipe(Effect.scoped))

  it.live("moves a conversation to another status", () =>
    Effect.gen(function*() {
      const { next, url } = yield* receiver
      const { page, start } = yield* open({ webhook: { url } })
      yield* start("Alice", "Hello")
      yield* see(() => row(page, "Alice").click())
      const resolve = page.getByRole("button", { name: "Set to resolved" })
      yield* see(() => resolve.click())
      const moved = yield* next("ConversationStatusChanged")
      assert.isTrue(moved._tag === "ConversationStatusChanged" && moved.conversation.status === "resolved")
      yield* see(() => page.locator("[data-status]").getByText("resolved").waitFor())
      yield* see(() => resolve.waitFor({ state: "detached" }))
    }).pipe(Effect.scoped))

  it.live("shows what an agent drafted, and sends it once a person says so", () =>
    Effect.gen(function*() {
      const agents = yield* Layer.build(AgentStore.layerMemory)
      const store = Context.get(agents, AgentStore.AgentStore)
      const { complaints, emulator, page, start, world } = yield* open({ agentStore: store })
      const { id } = yield* start("Alice", "Hello")
      const target = yield* Effect.provide(AgentWorld.target, world)
      const draft = (text: string) =>
        store.propose({ tool: "send_message", arguments: { conversation_id: id, text } }, {
          isDraft: true,
          limits,
          target
        })
      assert.strictEqual(yield* see(() => page.getByText("draft waits").count()), 0)
      yield* draft("It is <b>on its way</b>.")
      yield* draft("Buy more!")
      yield* see(() => page.getByRole("button", { name: "2 drafts wait" }).click())
      const drafts = page.getByRole("list", { name: "Drafts" })
      const opened = drafts.getByRole("listitem").filter({ hasText: "Buy more!" })
      yield* see(() => opened.locator("summary").click())
      yield* see(() => opened.getByRole("button", { name: "Discard: draft 2" }).click())
      yield* see(() => page.getByRole("button", { name: "1 draft waits" }).waitFor())
      // In its conversation it looks like no message that was sent.
      yield* see(() => drafts.getByRole("button", { name: `conversation #${id}` }).click())
      const messages = page.getByRole("region", { name: "Messages" })
      const unsent = messages.getByRole("listitem").filter({ hasText: "Draft, not sent" })
      yield* see(() => unsent.getByText("It is <b>on its way</b>.").waitFor())
      yield* Context.get(world, Faults.Faults).setPlan(
        Faults.script({ "messages.send": [Faults.Fault.Failing({ status: 500, when: "AfterProcessing" })] })
      )
      yield* see(() => unsent.getByRole("button", { name: "Send: draft 1" }).click())
      const unknown = messages.getByRole("listitem").filter({ hasText: "May have been sent" })
      yield* see(() => unknown.getByRole("alert").getByText("is not known").waitFor())
      assert.strictEqual(yield* see(() => messages.getByText("It is <b>on its way</b>.").count()), 2)
      yield* see(() => unknown.getByRole("button", { name: "Processed: draft 1", exact: true }).click())
      yield* see(() => unknown.waitFor({ state: "detached" }))
      yield* see(() => page.getByText("Nothing waits").waitFor())
      assert.deepStrictEqual(
        EmulatorState.messagesOf(yield* emulator.state, id).map(({ content }) => Option.getOrThrow(content)),
        ["Hello", "It is <b>on its way</b>."]
      )
      assert.deepStrictEqual(complaints, [
        "Failed to load resource: the server responded with a status of 502 (Bad Gateway)"
      ])
    }).pipe(Effect.scoped))

  it.live("asks for the number of a conversation that an agent started without a response", () =>
    Effect.gen(function*() {
      const agents = yield* Layer.build(AgentStore.layerMemory)
      const store = Context.get(agents, AgentStore.AgentStore)
      const { emulator, page, start, world } = yield* open({ agentStore: store })
      const { id } = yield* start("Alice", "Hello")
      const [contactId = 0] = HashMap.keys((yield* emulator.state).contacts)
      const target = yield* Effect.provide(AgentWorld.target, world)
      yield* store.propose(
        { tool: "start_conversation", arguments: { inbox_id: 407, contact_id: contactId, text: "On its way" } },
        { isDraft: true, limits, target }
      )
      yield* Context.get(world, Faults.Faults).setPlan(
        Faults.script({ "conversations.create": [Faults.Fault.Failing({ status: 500, when: "AfterProcessing" })] })
      )
      yield* see(() => page.getByRole("button", { name: "1 draft waits" }).click())
      const draft = page.getByRole("list", { name: "Drafts" }).getByRole("listitem")
      yield* see(() => draft.locator("summary").click())
      yield* see(() => draft.getByRole("button", { name: "Send: draft 1" }).click())
      const number = draft.getByLabel("The conversation that was started, by its number")
      yield* see(() => number.fill("#1"))
      yield* see(() => draft.getByRole("button", { name: "Processed: draft 1", exact: true }).click())
      yield* see(() => draft.getByRole("alert").getByText("digits alone").waitFor())
      const started = [...HashMap.keys((yield* emulator.state).conversations)].find((other) => other !== id)
      yield* see(() => number.fill(` ${started} `))
      yield* see(() => draft.getByRole("button", { name: "Processed: draft 1", exact: true }).click())
      yield* see(() => draft.getByRole("button", { name: "Send: draft 1" }).click())
      yield* see(() => page.getByText("Nothing waits").waitFor())
      assert.deepStrictEqual(
        EmulatorState.messagesOf(yield* emulator.state, started ?? 0).map(({ content }) => Option.getOrThrow(content)),
        ["On its way"]
      )
    }).pipe(Effect.scoped))

  it.live("says what cannot be done, and loses nothing of it", () =>
    Effect.gen(function*() {
      const { emulator, page, start } = yield* open()
      const { id } = yield* start("Alice", "Hello")
      yield* see(() => row(page, "Alice").click())
      const message = page.getByLabel("Message", { exact: true })
      yield* see(() => message.fill("x".repeat(150_001)))
      yield* see(() => page.getByRole("button", { name: "Send", exact: true }).click())
      yield* see(() => page.getByRole("alert").getByText("Not sent: Validation failed: Content is too long").waitFor())
      assert.lengthOf(yield* see(() => message.inputValue()), 150_001)
      yield* see(() => page.context().setOffline(true))
      yield* see(() => page.getByRole("button", { name: "Set to resolved" }).click())
      yield* see(() => page.getByRole("alert").getByText("could not be reached").waitFor())
      assert.strictEqual(Option.getOrThrow(yield* emulator.conversation(id)).status, "open")
    }).pipe(Effect.scoped))

  it.live("shows deliveries with their responses, and retries one", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const port = yield* FreePort.make
      yield* Effect.acquireRelease(
        see(async () => {
          const server = createServer((request, response) => {
            seen.push(String(request.headers["x-chatwoot-delivery"]))
            request.resume()
            response.writeHead(seen.length > 3 ? 200 : 500).end(`<b>the ${seen.length}th</b>`)
          })
          await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
          return server
        }),
        (server) => Effect.sync(() => server.close())
      )
      const { page, start } = yield* open({ webhook: { url: `http://127.0.0.1:${port}/livedesk?token=canary` } })
      yield* start("Alice", "Hello")
      yield* see(() => page.getByRole("tab", { name: "Webhooks" }).click())
      const deliveries = page.getByRole("list", { name: "Deliveries" }).getByRole("listitem")
      const created = deliveries.filter({ hasText: "500 conversation_created" })
      yield* see(() => created.getByText("Response").click())
      yield* see(() => created.getByText("<b>the 1th</b>").waitFor())
      yield* see(() => deliveries.filter({ hasText: "500 message_created" }).waitFor())
      const before = seen.length
      yield* see(() => created.getByRole("button", { name: "Resend" }).click())
      yield* see(() => deliveries.filter({ hasText: "sent again" }).waitFor())
      assert.strictEqual(seen.length, before + 1)
      assert.strictEqual(seen.at(-1), seen[0])
      assert.notInclude(yield* see(() => page.content()), "canary")
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "None")))

  it.live("switches faults on and off, says which are on, and which request met one", () =>
    Effect.gen(function*() {
      const { page, start, world } = yield* open()
      const faults = Context.get(world, Faults.Faults)
      yield* see(() => page.getByRole("tab", { name: "Faults" }).click())
      yield* see(() => page.getByRole("checkbox", { name: "500, with nothing done" }).check())
      yield* see(() => page.getByRole("button", { name: "1 fault is on" }).waitFor())
      yield* see(() => page.getByRole("status").getByText("500, with nothing done: on").waitFor())
      const failed = yield* Effect.flip(start("Alice", "Hello"))
      assert.deepInclude(failed, { _tag: "HttpError", outcome: "Unknown", status: 500 })
      assert.deepStrictEqual((yield* faults.trace).map(({ fault }) => Option.map(fault, Faults.describe)), [
        Option.some("Failing status 500 when BeforeProcessing")
      ])
      yield* see(() => page.getByRole("tab", { name: "Requests" }).click())
      yield* see(() => page.getByRole("row", { name: /500 contacts\.create .*500, with nothing done/ }).waitFor())
      yield* see(() => page.getByRole("button", { name: "1 fault is on" }).click())
      yield* see(() => page.getByRole("button", { name: "All off" }).click())
      yield* see(() => page.getByRole("button", { name: "1 fault is on" }).waitFor({ state: "detached" }))
      yield* start("Bob", "Hello")
      // A program's own faults are shown as well.
      yield* faults.setPlan(Faults.script({ "contacts.list": [Faults.Fault.Refused()] }))
      yield* see(() => page.getByText("A program has set faults of its own").waitFor())
    }).pipe(Effect.scoped))

  it.live("shows hostile names and messages as the text that they are", () =>
    Effect.gen(function*() {
      const { complaints, emulator, page, start } = yield* open({ inheritedRules: false }, { viewport: phone })
      const script = "</script><script>globalThis.hit = 1</script><img src=x onerror=\"globalThis.hit = 2\">"
      yield* start(script, `${script} javascript:alert(1)`)
      yield* start("\u202Ereversed", "\u202Ereversed \u2066")
      yield* start("W".repeat(100_000), "W".repeat(100_000))
      yield* emulator.update((state) =>
        EmulatorState.putMessage(
          EmulatorState.putAttachment(state, {
            id: 7,
            name: "javascript:alert(1)//\"><script>globalThis.hit = 3</script>",
            mediaType: "text/html",
            content: new Uint8Array(3)
          }),
          EmulatorState.makeMessage({
            id: 9000,
            conversationId: 40,
            inboxId: 407,
            sortingId: 2,
            // The client refuses half a character, so it is seeded.
            content: Option.some("\uD800 half"),
            attachmentIds: [7]
          })
        )
      )
      const opened: Array<string> = []
      for (const name of ["</script>", "reversed", "WWWW"]) {
        yield* see(() => page.getByRole("navigation").getByRole("button", { name: "Inbox" }).click())
        yield* see(() => row(page, name).click())
        const messages = page.getByRole("region", { name: "Messages" })
        yield* see(() => messages.getByText(name).first().waitFor())
        opened.push(yield* see(() => messages.innerText()))
        assert.isFalse(yield* see(() => scrollsSideways(page)), name.slice(0, 20))
      }
      assert.include(opened[0], `${script} javascript:alert(1)`)
      assert.include(opened[2], "(95000 more characters)")
      yield* see(() => page.goto(page.url().replace(/#.*/, "#40")))
      const link = page.getByRole("link", { name: /javascript:alert/ })
      assert.strictEqual(yield* see(() => link.getAttribute("href")), "/attachments/7/file")
      assert.isUndefined(yield* see(() => page.evaluate("globalThis.hit")))
      assert.deepStrictEqual(complaints, [])
    }).pipe(Effect.scoped))

  it.live("can be used by the keyboard alone, and keeps its place while things happen", () =>
    Effect.gen(function*() {
      const { next, url } = yield* receiver
      const { page, start } = yield* open({ webhook: { url } })
      yield* start("Alice", "Hello")
      yield* next("MessageCreated")
      yield* start("Bob", "Hello")
      yield* next("MessageCreated")
      yield* see(() => row(page, "Bob").waitFor())
      const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "")
      const until = (key: string, text: RegExp) =>
        see(async () => {
          for (let pressed = 0; pressed < 30; pressed++) {
            await page.keyboard.press(key)
            if (text.test(await focused())) return
          }
          throw new Error(`${key} does not lead to ${text}`)
        })
      yield* until("Tab", /^Bob/)
      yield* until("ArrowDown", /^Alice/)
      yield* start("Carol", "Hello")
      yield* next("MessageCreated")
      yield* see(() => row(page, "Carol").waitFor())
      assert.match(yield* see(focused), /^Alice/)
      yield* see(() => page.keyboard.press("Enter"))
      yield* see(() => page.getByRole("heading", { name: "Alice" }).waitFor())
      yield* see(async () => {
        for (let pressed = 0; pressed < 30; pressed++) {
          if (await page.evaluate(() => document.activeElement?.id === "message")) return
          await page.keyboard.press("Tab")
        }
      })
      yield* see(() => page.keyboard.type("By hand."))
      yield* start("Dave", "Hello")
      yield* next("MessageCreated")
      yield* see(() => row(page, "Dave").waitFor())
      yield* see(() => page.keyboard.press("Control+Enter"))
      const reported = yield* next("MessageCreated")
      assert.deepInclude(reported._tag === "MessageCreated" ? reported.message : {}, {
        content: Option.some("By hand.")
      })
      yield* until("Tab", /^Requests$/)
      yield* until("ArrowRight", /^Faults$/)
      yield* see(() => page.getByRole("checkbox").first().waitFor())
    }).pipe(Effect.scoped))

  it.live("says that the connection is lost, and shows what the emulator holds that comes after it", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const browser = yield* Browser.make
      const { page } = yield* Effect.scoped(Effect.gen(function*() {
        const { baseUrl, start } = yield* run({ port })
        const opened = yield* Browser.open(browser, `${baseUrl}/inbox`)
        yield* start("Alice", "Hello")
        yield* see(() => row(opened.page, "Alice").click())
        yield* see(() => opened.page.getByRole("heading", { name: "Alice" }).waitFor())
        return opened
      }))
      const state = page.getByRole("banner").getByRole("status")
      yield* see(() => state.getByText("Connection lost").waitFor())
      const { start } = yield* run({ port })
      yield* see(() => state.getByText("Live").waitFor())
      yield* see(() => row(page, "Alice").waitFor({ state: "detached" }))
      yield* see(() => page.getByText("There is no conversation #40.").waitFor())
      yield* start("Bob", "Hello")
      yield* see(() => page.getByRole("heading", { name: "Bob" }).waitFor())
      assert.strictEqual(yield* see(() => row(page, "Alice").count()), 0)
    }).pipe(Effect.scoped))

  it.live("shows as many as there are, and renders those that are seen", () =>
    Effect.gen(function*() {
      const { emulator, page } = yield* open({}, { viewport: phone, hasTouch: true })
      yield* emulator.update(withMany(10_000))
      const list = page.getByRole("list", { name: "Conversations" })
      yield* see(() => row(page, "Contact 10000").waitFor())
      const rendered = () => see(() => list.getByRole("listitem").count())
      assert.isBelow(yield* rendered(), 40)
      assert.isBelow(yield* see(() => page.locator("*").count()), 600)
      assert.strictEqual(
        yield* see(() => list.getByRole("listitem").first().getAttribute("aria-setsize")),
        "10000"
      )
      yield* see(() => row(page, "Contact 10000").focus())
      yield* see(() => page.keyboard.press("End"))
      yield* see(() => page.locator(":focus").getByText("Contact 1", { exact: true }).waitFor())
      assert.isBelow(yield* rendered(), 40)
      // What comes above leaves the rows where they are.
      const top = () => see(() => page.locator(":focus").evaluate((element) => element.getBoundingClientRect().top))
      const before = yield* top()
      yield* emulator.receive({ conversationId: 5000, content: "Hello" })
      yield* see(() => list.locator("[aria-posinset=\"9999\"]").waitFor())
      assert.strictEqual(yield* top(), before)
      yield* see(() => page.keyboard.press("Home"))
      yield* see(() => page.locator(":focus").getByText("Contact 5000").waitFor())
      for (const name of ["Contacts 10,000", "Conversations 10,000"]) {
        yield* see(() => page.getByRole("tab", { name, exact: true }).click())
        yield* see(() => list.or(page.getByRole("list", { name: "Contacts" })).getByRole("listitem").first().waitFor())
      }
      const tabs = yield* see(() =>
        page.getByRole("tablist", { name: "Conversations" }).evaluate((list) =>
          [...list.children].map((tab) => ({ top: tab.getBoundingClientRect().top, height: tab.clientHeight }))
        )
      )
      assert.lengthOf(new Set(tabs.map(({ top }) => top)), 1)
      assert.isTrue(tabs.every(({ height }) => height < 45), JSON.stringify(tabs))
      assert.isFalse(yield* see(() => scrollsSideways(page)))
    }).pipe(Effect.scoped))

  it.live("finds conversations and contacts while their text is typed", () =>
    Effect.gen(function*() {
      const { emulator, page } = yield* open()
      yield* emulator.update(withMany(10_000))
      yield* emulator.receive({ conversationId: 77, content: "Where is my parcel?" })
      yield* see(() => row(page, "Contact 77").waitFor())
      const search = page.getByRole("searchbox")
      yield* see(() => search.pressSequentially("Contact 123"))
      yield* see(() => page.getByRole("status").getByText("11 found").waitFor())
      yield* see(() => search.press("ArrowDown"))
      yield* see(() => page.locator(":focus").getByText("Contact 1239").waitFor())
      yield* see(() => page.keyboard.press("Enter"))
      yield* see(() => page.getByRole("heading", { name: "Contact 1239" }).waitFor())
      yield* see(() => search.fill("PARCEL"))
      yield* see(() => page.getByRole("status").getByText("1 found").waitFor())
      yield* see(() => row(page, "Contact 77").waitFor())
      // Another that fits arrives meanwhile.
      yield* emulator.receive({ conversationId: 78, content: "No parcel" })
      yield* see(() => row(page, "Contact 78").waitFor())
      yield* see(() => search.fill("nothing of it"))
      yield* see(() => page.getByText("Nothing is found.").waitFor())
      yield* see(() => page.getByRole("tab", { name: "Contacts" }).click())
      yield* see(() => page.getByRole("searchbox", { name: "Search contacts" }).fill("contact 4242"))
      yield* see(() => row(page, "Contact 4242").waitFor())
      assert.strictEqual(
        yield* see(() => page.getByRole("list", { name: "Contacts" }).getByRole("listitem").count()),
        1
      )
    }).pipe(Effect.scoped))

  it.live("opens a request by the keyboard, shows what was sent as it is, and copies it as curl", () =>
    Effect.gen(function*() {
      const { baseUrl, complaints, page, start } = yield* open({ keepsBodies: true })
      yield* see(() => page.context().grantPermissions(["clipboard-read", "clipboard-write"]))
      yield* start("Alice", "Hello")
      const body = "{\"id\":12345678901234567890,\"a\":[],\"a\":{\"</script>\":\"'\\u202e$(id)\"}}"
      yield* HttpClientRequest.post(`${baseUrl}/api/v2/accounts/contacts?q=a%20b`).pipe(
        HttpClientRequest.bodyText(body, "text/plain;charset=UTF-8"),
        HttpClient.execute,
        Effect.provide(NodeTransport.layer())
      )
      const created = page.getByRole("button", { name: "contacts.create" })
      // Alice's is the other one.
      yield* see(() => created.nth(1).waitFor())
      const opened = created.first()
      yield* see(() => page.getByRole("tab", { name: "Requests" }).focus())
      yield* see(async () => {
        for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key)
      })
      yield* see(() => page.locator("[aria-expanded=true]").waitFor())
      const region = page.getByRole("region", { name: "Request" })
      yield* see(() => region.waitFor())
      assert.strictEqual(
        yield* see(() => region.innerText()),
        "{\n  \"id\": 12345678901234567890,\n  \"a\": [],\n  \"a\": {\n    \"</script>\": \"'\\u202e$(id)\"\n  }\n}"
      )
      yield* see(() => page.getByRole("region", { name: "Response" }).getByText("You need to sign in").waitFor())
      yield* see(async () => {
        const copy = page.getByRole("button", { name: "Copy as curl" })
        while (!(await copy.evaluate((element) => element === document.activeElement))) await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.getByRole("button", { name: "Copied" }).waitFor()
      })
      assert.strictEqual(
        yield* see(() => page.evaluate(() => navigator.clipboard.readText())),
        [
          "curl --globoff --path-as-is --request 'POST'",
          "--user \"$LIVEDESK_API_KEY:$LIVEDESK_API_SECRET\"",
          "--header 'content-type: text/plain;charset=UTF-8'",
          `--data-raw '${body.replace("'", "'\\''")}'`,
          `'${baseUrl}/api/v2/accounts/contacts?q=a%20b'`
        ].join(" \\\n  ")
      )
      // The arrow keys go on to the next request, of which Tab is at that one then.
      yield* see(() => opened.focus())
      yield* see(() => page.keyboard.press("ArrowDown"))
      yield* see(() => page.locator(":focus").getByText("messages.send").waitFor())
      assert.deepStrictEqual(complaints, [])
    }).pipe(Effect.scoped))

  it.live("says of a request that its body is not kept, where none is", () =>
    Effect.gen(function*() {
      const { page, start } = yield* open()
      yield* start("Alice", "Hello")
      const button = page.getByRole("button", { name: "messages.send" })
      yield* see(() => button.click())
      yield* see(() => page.getByText("Queries and bodies are not kept.").waitFor())
      yield* see(() => button.click())
      assert.strictEqual(yield* see(() => button.getAttribute("aria-expanded")), "false")
    }).pipe(Effect.scoped))

  it.live("snoozes a conversation until a time of the browser's zone, by the keyboard", () =>
    Effect.gen(function*() {
      const { emulator, page, start } = yield* open({}, { timezoneId: "America/New_York" })
      const { id } = yield* start("Alice", "Hello")
      yield* see(() => row(page, "Alice").click())
      const until = page.getByRole("button", { name: "Snooze until" })
      yield* see(() => until.focus())
      yield* see(() => page.keyboard.press("Enter"))
      const field = page.getByLabel("Until, in America/New_York")
      yield* see(() => field.and(page.locator(":focus")).waitFor())
      yield* see(() => field.fill("2020-01-01T09:00"))
      yield* see(() => page.keyboard.press("Enter"))
      yield* see(() => page.getByRole("alert").getByText("Choose a time that is still to come.").waitFor())
      yield* see(() => field.fill("2036-07-01T09:00"))
      yield* see(() => page.keyboard.press("Enter"))
      yield* see(() => page.getByText("Snoozed until Tue, 1 Jul 2036, 09:00 (America/New_York)").waitFor())
      assert.deepStrictEqual(
        Option.flatMap(yield* emulator.conversation(id), ({ snoozedUntil }) => snoozedUntil),
        Option.some(DateTime.makeUnsafe("2036-07-01T13:00:00Z"))
      )
      yield* see(() => page.locator("#record-heading:focus").waitFor())
    }).pipe(Effect.scoped))

  it.live("says what time it is in an emulator of another day", () =>
    Effect.gen(function*() {
      const { page, start } = yield* open(
        { startsAt: DateTime.makeUnsafe("2031-01-01T12:00:00Z") },
        { timezoneId: "Asia/Tokyo" }
      )
      yield* start("Alice", "Hello")
      yield* see(() => row(page, "Alice").click())
      yield* see(() => page.getByRole("button", { name: "Snooze until" }).click())
      yield* see(() => page.getByText(/In the emulator it is Wed, 1 Jan 2031, 21:0\d \(Asia\/Tokyo\)/).waitFor())
      assert.strictEqual(yield* see(() => page.getByLabel("Until, in").inputValue()), "2031-01-02T09:00")
    }).pipe(Effect.scoped))

  it.live("opens a contact, and starts a conversation with it", () =>
    Effect.gen(function*() {
      const { next, url } = yield* receiver
      const { emulator, page, start } = yield* open({ webhook: { url }, inboxes: [{ id: 407 }, { id: 408 }] })
      const { id } = yield* start("Alice", "Hello")
      yield* see(() => row(page, "Alice").click())
      yield* see(() => page.getByRole("button", { name: /^contact #/ }).click())
      const conversations = page.getByRole("list", { name: "Conversations of the contact" })
      yield* see(() => conversations.getByText(`#${id}`).waitFor())
      yield* see(() => page.getByLabel("Inbox").selectOption("408"))
      yield* see(() => page.getByLabel("First message").fill("Good morning"))
      yield* see(() => page.getByRole("button", { name: "Start", exact: true }).click())
      yield* see(() => page.getByRole("region", { name: "Messages" }).getByText("Good morning").waitFor())
      const created = Option.getOrThrow(yield* emulator.conversation(id + 1))
      assert.deepStrictEqual([created.inboxId, created.meta.sender.name], [408, Option.some("Alice")])
      yield* Effect.replicateEffect(next("ConversationCreated"), 2)
      yield* see(() => page.reload())
      yield* see(() => page.getByRole("heading", { name: "Alice" }).waitFor())
    }).pipe(Effect.scoped))

  it.live("creates a ticket and changes it, and a program reads it", () =>
    Effect.gen(function*() {
      const { page, world } = yield* open()
      yield* see(() => page.getByRole("tab", { name: "Tickets" }).click())
      yield* see(() => page.getByText("No tickets yet").waitFor())
      yield* see(() => page.getByRole("button", { name: "New ticket" }).click())
      yield* see(() => page.getByRole("button", { name: "Create", exact: true }).click())
      yield* see(() => page.getByRole("alert").getByText("Not saved: title is required").waitFor())
      yield* see(() => page.getByRole("textbox", { name: "Title" }).fill("<b>The printer</b>"))
      yield* see(() => page.getByRole("button", { name: "Create", exact: true }).click())
      yield* see(() => page.getByRole("heading", { name: "<b>The printer</b>" }).waitFor())
      const ticketId = page.url().replace(/.*#ticket-/, "")
      const tickets = Context.get(world, Tickets.Tickets)
      // What a program changes is shown, unless something is being written.
      yield* tickets.update({ ticketId, description: "PC LOAD LETTER" })
      yield* see(() => page.waitForFunction(() => document.querySelector("textarea")?.value === "PC LOAD LETTER"))
      yield* see(() => page.getByLabel("Priority").selectOption("urgent"))
      yield* see(() => page.getByRole("textbox", { name: "Title" }).fill("The printer"))
      yield* tickets.update({ ticketId, title: "Another title" })
      yield* see(() => page.getByRole("heading", { name: "Another title" }).waitFor())
      assert.strictEqual(yield* see(() => page.getByRole("textbox", { name: "Title" }).inputValue()), "The printer")
      yield* see(() => page.getByRole("button", { name: "Save", exact: true }).click())
      yield* see(() => page.getByRole("heading", { name: "The printer" }).waitFor())
      yield* see(() => row(page, "The printer").getByText("urgent").waitFor())
      const { description, priority, title } = yield* tickets.get({ ticketId })
      assert.deepStrictEqual([title, description, priority], ["The printer", "PC LOAD LETTER", "urgent"])
    }).pipe(Effect.scoped))

  for (const [device, hasTouch] of [["a keyboard", false], ["a touch screen alone", true]] as const) {
    it.live(`${hasTouch ? "says nothing" : "says"} of Ctrl+Enter on a device with ${device}`, () =>
      Effect.gen(function*() {
        const { page, start } = yield* open({}, { hasTouch, isMobile: hasTouch })
        yield* start("Alice", "Hello")
        yield* see(() => row(page, "Alice").click())
        const hint = yield* see(() => page.getByLabel("Message", { exact: true }).getAttribute("placeholder"))
        assert.strictEqual(hint, hasTouch ? "Write a message" : "Write a message; Ctrl+Enter sends it")
      }).pipe(Effect.scoped))
  }

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [size, viewport] of [["wide", undefined], ["on a phone", phone]] as const) {
      it.live(`has no fault that axe finds, ${colorScheme}, ${size}`, () =>
        Effect.gen(function*() {
          const { url } = yield* receiver
          const store = Context.get(yield* Layer.build(AgentStore.layerMemory), AgentStore.AgentStore)
          const { page, start, world } = yield* open({ webhook: { url }, keepsBodies: true, agentStore: store }, {
            colorScheme,
            ...(viewport === undefined ? {} : { viewport })
          })
          const clean = (where: string) =>
            see(async () => {
              assert.deepStrictEqual(await violations(page), [], where)
              assert.isFalse(await scrollsSideways(page), where)
            })
          const go = (pane: string) =>
            viewport === undefined
              ? Effect.void
              : see(() => page.getByRole("navigation").getByRole("button", { name: pane }).click())
          yield* clean("empty")
          const { id } = yield* start("Alice", "Your parcel is on its way.")
          const target = yield* Effect.provide(AgentWorld.target, world)
          yield* store.propose(
            { tool: "send_message", arguments: { conversation_id: id, text: "W".repeat(300) } },
            { isDraft: true, limits, target }
          )
          yield* Effect.result(start("A".repeat(300), "refused"))
          yield* see(() => row(page, "Alice").click())
          yield* see(() => page.getByRole("heading", { name: "Alice" }).waitFor())
          yield* see(() => page.getByLabel("As").selectOption("note"))
          yield* see(() => page.getByLabel("Message", { exact: true }).fill("A note"))
          yield* see(() => page.getByRole("button", { name: "Send", exact: true }).click())
          yield* see(() => page.getByRole("region", { name: "Messages" }).getByText("A note").waitFor())
          yield* clean("a conversation")
          yield* see(() => page.getByRole("button", { name: "Snooze until" }).click())
          yield* see(() => page.getByRole("button", { name: "Snooze", exact: true }).click())
          yield* see(() => page.getByRole("button", { name: "Snooze until" }).click())
          yield* see(() => page.getByLabel("Until, in").fill("2020-01-01T09:00"))
          yield* see(() => page.getByRole("button", { name: "Snooze", exact: true }).click())
          yield* see(() => page.getByRole("alert").waitFor())
          yield* clean("a snooze")
          yield* see(() => page.getByRole("button", { name: /^contact #/ }).click())
          yield* see(() => page.getByRole("button", { name: "Start", exact: true }).waitFor())
          yield* clean("a contact")
          yield* go("Inbox")
          yield* see(() => page.getByRole("tab", { name: "Contacts" }).click())
          yield* see(() => page.getByRole("searchbox").fill("a"))
          yield* see(() => page.getByRole("status").getByText("found").waitFor())
          yield* clean("contacts")
          yield* see(() => page.getByRole("searchbox").fill("nothing of it"))
          yield* see(() => page.getByText("Nothing is found.").waitFor())
          yield* clean("nothing found")
          yield* see(() => page.getByRole("tab", { name: "Tickets" }).click())
          yield* see(() => page.getByRole("button", { name: "New ticket" }).click())
          yield* see(() => page.getByRole("textbox", { name: "Title" }).fill("T".repeat(190)))
          yield* see(() => page.getByRole("button", { name: "Create", exact: true }).click())
          yield* see(() => page.getByRole("button", { name: "Save", exact: true }).waitFor())
          yield* clean("a ticket")
          yield* go("Inbox")
          yield* see(() => page.getByRole("list", { name: "Tickets" }).getByRole("button").waitFor())
          yield* clean("tickets")
          yield* Context.get(world, Faults.Faults).setPlan(
            Faults.seeded({ seed: 1, rate: 1, faults: [Faults.Fault.Reset({ when: "AfterProcessing" })] })
          )
          const lost = yield* Effect.result(start("Bob", "Hello"))
          assert.isTrue(Result.isFailure(lost))
          yield* go("Activity")
          for (const tab of ["Requests", "Webhooks", "Faults", "Drafts"]) {
            yield* see(() => page.getByRole("tab", { name: tab }).click())
            if (tab === "Drafts") yield* see(() => page.locator("[data-draft] summary").click())
            if (tab === "Requests") {
              yield* see(() => page.getByRole("button", { name: "contacts.create" }).last().click())
              yield* see(() => page.getByRole("region", { name: "Response" }).waitFor())
            }
            yield* clean(tab)
          }
          // And axe does find faults here.
          yield* see(() =>
            page.evaluate(() => document.querySelector("header")?.append(document.createElement("button")))
          )
          assert.match((yield* see(() => violations(page))).join("\n"), /^button-name: /)
        }).pipe(Effect.scoped))
    }
  }
})
