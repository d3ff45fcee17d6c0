import { Contacts, LiveDeskClient } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { type HttpClientRequest } from "effect/http"
import * as FakeTransport from "../FakeTransport.ts"

const pageOf = (request: HttpClientRequest.HttpClientRequest): number =>
  Number(new Map(request.urlParams.params).get("page") ?? 1)

/** LiveDesk, of which each page of contacts is what `pages` says. */
const serving = (pages: (page: number) => { readonly ids: ReadonlyArray<number>; readonly count?: number }) =>
  Contacts.layer.pipe(
    Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
    Layer.provideMerge(FakeTransport.respondingWith((request) => {
      const { count, ids } = pages(pageOf(request))
      return { body: { meta: { count, current_page: 1 }, payload: ids.map((id) => ({ id })) } }
    }))
  )

/** The ids that a stream gives, and how many requests it took; never more than 100, so that an endless one fails. */
const streamed = (input?: Contacts.StreamContacts) =>
  Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    const sent = yield* FakeTransport.Sent
    const ids = yield* contacts.stream(input).pipe(
      Stream.take(100),
      Stream.map(({ id }) => Number(id)),
      Stream.runCollect
    )
    return { ids, requests: sent.length }
  })

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe("the stream of contacts", () => {
  it.effect("ends at an empty page, whatever a page holds", () =>
    Effect.gen(function*() {
      const { ids, requests } = yield* streamed()
      assert.deepStrictEqual([ids, requests], [[1, 2, 3, 4, 5], 4])
    }).pipe(Effect.provide(serving((page) => ({ ids: [[1], [2, 3, 4], [5]][page - 1] ?? [], count: 3 })))))

  it.effect("ends where the server returns the last page again", () =>
    Effect.gen(function*() {
      const { ids, requests } = yield* streamed()
      assert.deepStrictEqual([ids, requests], [[1, 2, 3], 3])
    }).pipe(Effect.provide(serving((page) => ({ ids: page === 1 ? [1, 2] : [3], count: 3 })))))

  it.effect("ends where the pages begin anew", () =>
    Effect.gen(function*() {
      const { ids, requests } = yield* streamed()
      assert.deepStrictEqual([ids, requests], [[1, 2, 3, 4], 3])
    }).pipe(Effect.provide(serving((page) => ({ ids: page % 2 === 1 ? [1, 2] : [3, 4], count: 4 })))))

  it.effect("ends where pages repeat and the count promises what never comes", () =>
    Effect.gen(function*() {
      const { ids, requests } = yield* streamed()
      // Two pages of something new, and nine in a row of nothing.
      assert.deepStrictEqual([ids, requests], [[1, 2, 3, 4], 11])
    }).pipe(Effect.provide(serving((page) => ({ ids: page % 2 === 1 ? [1, 2] : [3, 4], count: 1000 })))))

  it.effect("ends where pages repeat and nothing is counted", () =>
    Effect.gen(function*() {
      const { ids, requests } = yield* streamed()
      assert.deepStrictEqual([ids, requests], [[1, 2], 2])
    }).pipe(Effect.provide(serving(() => ({ ids: [1, 2] })))))

  it.effect("goes on past a page of known contacts, which new ones pushed there", () => {
    // The newest first, 15 a page; after the first page 15 more are made.
    const held = range(1, 45).toReversed()
    const later = range(46, 60).toReversed()
    return Effect.gen(function*() {
      const { ids } = yield* streamed()
      assert.deepStrictEqual(ids, held)
    }).pipe(Effect.provide(serving((page) => {
      const all = page === 1 ? held : [...later, ...held]
      return { ids: all.slice((page - 1) * 15, page * 15), count: all.length }
    })))
  })

  it.effect("gives a contact that moves down the pages once", () =>
    Effect.gen(function*() {
      const { ids } = yield* streamed()
      assert.deepStrictEqual(ids, [1, 2, 3, 4, 5])
    }).pipe(Effect.provide(serving((page) => ({ ids: [[1, 2], [3], [1, 4], [2, 5]][page - 1] ?? [], count: 5 })))))

  it.effect.each(range(1, 8))("emits a contact once that reappears %d pages later", (later) =>
    Effect.gen(function*() {
      const { ids } = yield* streamed()
      assert.deepStrictEqual(ids, [...range(1, later + 1), later + 3])
    }).pipe(Effect.provide(
      // From the second page on: the first is known for ever.
      serving((page) => ({ ids: page === later + 2 ? [2] : page > later + 3 ? [] : [page], count: later + 2 }))
    )))

  it.effect("asks for no page before it is wanted", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const sent = yield* FakeTransport.Sent
      yield* contacts.stream().pipe(Stream.take(3), Stream.runDrain)
      assert.deepStrictEqual(sent.map(pageOf), [1, 2])
    }).pipe(Effect.provide(serving((page) => ({ ids: [2 * page, 2 * page + 1], count: 1000 })))))

  it.effect("sends the size of a page when it is given", () =>
    Effect.gen(function*() {
      const sent = yield* FakeTransport.Sent
      yield* streamed({ pageSize: 50, labels: ["a", "b"] })
      assert.sameDeepMembers([...sent[0]?.urlParams.params ?? []], [
        ["labels[]", "a"],
        ["labels[]", "b"],
        ["page", "1"],
        ["page_size", "50"]
      ])
    }).pipe(Effect.provide(serving(() => ({ ids: [] })))))
})
