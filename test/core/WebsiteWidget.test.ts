import { WebsiteWidget } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"

describe("the hash of an identifier", () => {
  it.effect("is what other software computes", () =>
    Effect.gen(function*() {
      // printf 'user-42' | openssl dgst -sha256 -hmac hmac-token
      assert.strictEqual(
        yield* WebsiteWidget.identifierHash("user-42", Redacted.make("hmac-token")),
        "ce36f102799e800738d3f136736c2e0bc17bffb88d4d190b932ee6d4732c01ff"
      )
      // python3 -c 'import hmac; print(hmac.new("hmac-tökén".encode(), "kunde-ü".encode(), "sha256").hexdigest())'
      assert.strictEqual(
        yield* WebsiteWidget.identifierHash("kunde-ü", Redacted.make("hmac-tökén")),
        "5d456f369df8781e40d3cca596bc1ed3cf8ab27563490ea4aa5c0a908a6dc0a3"
      )
    }))

  it.effect("is none of an empty id, or under a token that is empty or has white space at its ends", () =>
    Effect.gen(function*() {
      for (const [id, token] of [["", "canary"], ["user", ""], ["user", "canary\n"], ["user", " canary"]] as const) {
        const error = yield* Effect.flip(WebsiteWidget.identifierHash(id, Redacted.make(token)))
        assert.strictEqual(error._tag, "IdentifierHashError")
        assert.notInclude(inspect(error), "canary")
      }
    }))
})
