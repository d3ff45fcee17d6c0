import { Breaker, LiveDeskClient, RateLimit } from "@effect-livedesk/core"
import { Redacted } from "effect"

const credentials = { apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") }

// A rate limit and a circuit breaker are what their constructors make, and nothing that looks alike.

LiveDeskClient.layer({ ...credentials, rateLimit: RateLimit.make({ limit: 10 }), circuitBreaker: Breaker.make() })
// @ts-expect-error is missing the following properties from type 'RateLimit': "~RateLimit.make", guard
LiveDeskClient.layer({ ...credentials, rateLimit: { issues: [] } })
// @ts-expect-error 'limit' does not exist in type 'RateLimit'.
LiveDeskClient.layer({ ...credentials, rateLimit: { limit: 10 } })
// @ts-expect-error is missing the following properties from type 'Breaker': "~Breaker.make", guard
LiveDeskClient.layer({ ...credentials, circuitBreaker: { issues: [] } })
