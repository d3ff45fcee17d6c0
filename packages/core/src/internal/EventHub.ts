/**
 * A hub of events that can be asked whether anybody listens, so that events are made only for subscribers.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"

export interface EventHub<A> {
  readonly events: PubSub.PubSub<A>
  readonly hasSubscribers: () => boolean
}

/** Makes an unbounded hub. */
export const make = <A>(): Effect.Effect<EventHub<A>> => {
  const atomic = PubSub.makeAtomicUnbounded<A>()
  const subscribe = atomic.subscribe.bind(atomic)
  let subscribers = 0
  const counting = Object.assign(atomic, {
    subscribe: () => {
      const subscription = subscribe()
      const unsubscribe = subscription.unsubscribe.bind(subscription)
      subscribers++
      return Object.assign(subscription, {
        unsubscribe: () => {
          subscribers--
          unsubscribe()
        }
      })
    }
  })
  return Effect.map(
    PubSub.make<A>({ atomicPubSub: () => counting, strategy: () => new PubSub.DroppingStrategy() }),
    (events) => ({ events, hasSubscribers: () => subscribers > 0 })
  )
}
