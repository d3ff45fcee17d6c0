import { Contacts, LiveDeskClient } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

const environment = (settings: Record<string, string>) =>
  ConfigProvider.layer(ConfigProvider.fromEnv({ env: settings }))

const good = { LIVEDESK_API_KEY: "emulator-key", LIVEDESK_API_SECRET: "emulator-secret" }

/** The addresses that an emulator in memory was called at. */
const addresses: Array<string> = []

const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.mapRequest((request) => {
      addresses.push(request.url)
      return request
    })
  )
).pipe(Layer.provide(Emulator.layerHttpClient))

const createOne = Effect.gen(function*() {
  addresses.length = 0
  const contacts = yield* Contacts.Contacts
  const { contact } = yield* contacts.create({ inboxId: 407 })
  return contact.id
})

const failure = (settings: Record<string, string>, overrides?: NodeLiveDesk.ClientOptionsConfig) =>
  Layer.build(NodeLiveDesk.layerConfigNoHttpClient(overrides)).pipe(
    Effect.provide([client, environment(settings)]),
    Effect.scoped,
    Effect.flip,
    Effect.map((error) => {
      assert.instanceOf(error, Config.ConfigError)
      return error.cause.message.split("\n")
    })
  )

describe("layerConfig", () => {
  it.effect("takes the vendor's address unless another is set, and keeps its path", () =>
    Effect.gen(function*() {
      const layer = NodeLiveDesk.layerConfigNoHttpClient()
      const run = (settings: Record<string, string>) =>
        createOne.pipe(Effect.provide(layer), Effect.provide([client, environment(settings)]))
      assert.strictEqual(yield* run(good), 2219256)
      assert.deepStrictEqual(addresses, ["https://livedesk-api.engagelab.com/api/v2/accounts/contacts"])
      yield* Effect.flip(run({ ...good, LIVEDESK_BASE_URL: "https://example.com/desk/" }))
      assert.deepStrictEqual(addresses, ["https://example.com/desk/api/v2/accounts/contacts"])
    }))

  it.effect("does not read a setting whose option is given as a value", () =>
    Effect.gen(function*() {
      const layer = NodeLiveDesk.layerConfigNoHttpClient({
        apiSecret: Redacted.make("emulator-secret"),
        baseUrl: "https://example.com",
        timeout: "5 seconds"
      })
      const settings = { LIVEDESK_API_KEY: "emulator-key", LIVEDESK_BASE_URL: "nonsense", LIVEDESK_TIMEOUT: "nonsense" }
      const id = yield* createOne.pipe(Effect.provide(layer), Effect.provide([client, environment(settings)]))
      assert.strictEqual(id, 2219256)
      assert.deepStrictEqual(addresses, ["https://example.com/api/v2/accounts/contacts"])
    }))

  it.effect("reads an option from a Config of any name", () =>
    Effect.gen(function*() {
      const layer = NodeLiveDesk.layerConfigNoHttpClient({
        apiKey: Config.Redacted("ACME_KEY"),
        apiSecret: Config.Redacted("ACME_SECRET"),
        baseUrl: Config.String("ACME_URL"),
        maxResponseBytes: Config.Int("ACME_BYTES").pipe(Config.withDefault(undefined))
      })
      const run = (settings: Record<string, string>) =>
        createOne.pipe(Effect.provide(layer), Effect.provide([client, environment(settings)]))
      const settings = { ACME_KEY: "emulator-key", ACME_SECRET: "emulator-secret", ACME_URL: "https://example.com" }
      assert.strictEqual(yield* run(settings), 2219256)
      assert.deepStrictEqual(addresses, ["https://example.com/api/v2/accounts/contacts"])
      const error = yield* Effect.flip(run({ ...settings, ACME_BYTES: "0" }))
      assert.include(String(error), "maxResponseBytes: expected a whole number of bytes above 0")
    }))

  it.effect("names every Config that fails, and every invalid value beside it", () =>
    Effect.gen(function*() {
      const lines = yield* failure({}, {
        apiKey: Config.Redacted("ACME_KEY"),
        apiSecret: Config.Redacted("ACME_SECRET"),
        rateLimit: { limit: 0 }
      })
      assert.deepStrictEqual(lines, [
        "Expected string",
        "  at [\"ACME_KEY\"]",
        "Expected string",
        "  at [\"ACME_SECRET\"]",
        "expected a whole number of requests above 0",
        "  at [\"rateLimit\"][\"limit\"]"
      ])
    }))

  it.effect("takes a rate limit and a circuit breaker by their options", () =>
    Effect.gen(function*() {
      const layer = NodeLiveDesk.layerConfigNoHttpClient({
        rateLimit: { limit: 1, window: "1 hour" },
        circuitBreaker: { failures: 1 },
        timeout: "5 seconds"
      })
      const errors = yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        yield* contacts.create({ inboxId: 407 })
        const queued = yield* Effect.forkChild(Effect.flip(contacts.create({ inboxId: 407 })))
        yield* TestClock.adjust("5 seconds")
        return yield* Fiber.join(queued)
      }).pipe(Effect.provide(layer), Effect.provide([client, environment(good)]))
      assert.strictEqual(errors.reason._tag, "TimedOut")
      assert.strictEqual(errors.outcome, "NotSent")
    }))

  it.effect("lists all missing settings at once, with an example and where to find each", () =>
    Effect.gen(function*() {
      for (const settings of [{}, { LIVEDESK_API_KEY: "", LIVEDESK_API_SECRET: "" }]) {
        assert.deepStrictEqual(yield* failure(settings), [
          "LIVEDESK_API_KEY is missing. Set it to the API key from Project Settings - API Management of the LiveDesk " +
          "console, for example 0a1b2c3d4e5f",
          "LIVEDESK_API_SECRET is missing. Set it to the API secret from Project Settings - API Management of the " +
          "LiveDesk console, for example 6a7b8c9d0e1f"
        ])
      }
    }))

  it.effect("says what is wrong with each setting, and shows no value", () =>
    Effect.gen(function*() {
      const lines = yield* failure({
        LIVEDESK_API_KEY: "canary:key",
        LIVEDESK_API_SECRET: " canary",
        LIVEDESK_BASE_URL: "https://user:canary@example.com",
        LIVEDESK_TIMEOUT: "0 seconds"
      })
      assert.deepStrictEqual(lines.map((line) => line.split(". Set it to")[0]), [
        "LIVEDESK_API_KEY cannot be used: the API key holds a colon, which Basic authentication cannot carry",
        "LIVEDESK_API_SECRET cannot be used: the API secret begins or ends with white space",
        "LIVEDESK_BASE_URL cannot be used: the base URL must hold no user name or password; give them as apiKey and " +
        "apiSecret",
        "LIVEDESK_TIMEOUT cannot be used: expected a timeout between 1 millisecond and 24 days, such as \"30 seconds\""
      ])
      assert.notInclude(lines.join("\n"), "canary")
    }))

  it.effect("says of settings in quotes to remove them", () =>
    Effect.gen(function*() {
      const quoted = {
        LIVEDESK_API_KEY: "\"canary\"",
        LIVEDESK_API_SECRET: "'canary'",
        LIVEDESK_BASE_URL: "\"https://canary.example\"",
        LIVEDESK_TIMEOUT: "'30 seconds'"
      }
      const lines = yield* failure(quoted)
      assert.deepStrictEqual(
        lines.map((line) => line.split(". Set it to")[0]),
        Object.keys(quoted).map((name) => `${name} is in quotes, which Docker's --env-file keeps: remove the quotes`)
      )
      assert.notInclude(lines.join("\n"), "canary")
    }))

  it.effect("says what is wrong with an option that is given as a value", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* failure(good, { maxResponseBytes: 0 }), [
        "the input is not valid: maxResponseBytes: expected a whole number of bytes above 0"
      ])
    }))
})

describe("layer", () => {
  it.effect("fails with AuthError for credentials that cannot be used", () =>
    Effect.gen(function*() {
      const error = yield* Layer.build(NodeLiveDesk.layer({
        apiKey: Redacted.make(""),
        apiSecret: Redacted.make("secret")
      })).pipe(Effect.scoped, Effect.flip)
      assert.strictEqual(error.reason._tag, "InvalidCredentials")
      assert.strictEqual(error.outcome, "NotSent")
    }))

  it.effect("provides the client beside the services", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(NodeLiveDesk.layer({
        apiKey: Redacted.make("key"),
        apiSecret: Redacted.make("secret")
      })).pipe(Effect.scoped)
      const services = yield* Effect.provideContext(Effect.serviceOption(LiveDeskClient.LiveDeskClient), context)
      assert.isTrue(Option.isSome(services))
    }))

  it.effect("says which Node.js it needs, on an older one", () =>
    Effect.gen(function*() {
      const { node } = process.versions
      const pretend = (version: string) =>
        Effect.sync(() => Object.defineProperty(process.versions, "node", { value: version, configurable: true }))
      yield* Effect.acquireRelease(pretend("22.18.0"), () => pretend(node))
      const exit = yield* Effect.exit(Layer.build(NodeLiveDesk.layer({
        apiKey: Redacted.make("key"),
        apiSecret: Redacted.make("secret")
      })))
      assert.include(String(exit), "@effect-livedesk/node needs Node.js 22.19 or newer; this is 22.18.0")
    }).pipe(Effect.scoped))
})
