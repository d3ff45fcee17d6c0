import { LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { type Config, type Layer } from "effect"
import { type HttpClient } from "effect/http"
import { expectTypeOf } from "expect-type"

// A layer of the client needs an HTTP client, and fails when the settings are unusable.

expectTypeOf(LiveDeskClient.layer).returns.toEqualTypeOf<
  Layer.Layer<
    LiveDeskClient.LiveDeskClient,
    LiveDeskError.AuthError | LiveDeskError.ValidationError,
    HttpClient.HttpClient
  >
>()
expectTypeOf(LiveDeskClient.layerConfig).returns.toEqualTypeOf<
  Layer.Layer<LiveDeskClient.LiveDeskClient, Config.ConfigError, HttpClient.HttpClient>
>()
