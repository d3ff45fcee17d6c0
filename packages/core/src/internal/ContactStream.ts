/**
 * Streams all pages of contacts.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type { ContactId } from "../LiveDeskSchema.ts"

interface Page<A> {
  readonly contacts: ReadonlyArray<A>
  readonly meta: { readonly count: number }
}

// The number of past pages within which duplicates are dropped.
const rememberedPages = 8

interface Progress {
  readonly page: number
  readonly delivered: number
  /** The number of consecutive pages without new contacts. */
  readonly stale: number
  /** The ids of the first page, which a server may return again past the end. */
  readonly first: ReadonlySet<ContactId>
  /** The ids of the latest pages. */
  readonly recent: ReadonlyArray<ReadonlySet<ContactId>>
}

/** Reads page after page, from `firstPage`. */
export const make = <A extends { readonly id: ContactId }>(
  read: (page: number) => Effect.Effect<Page<A>, LiveDeskError.LiveDeskError>,
  firstPage: number
): Stream.Stream<A, LiveDeskError.LiveDeskError> => {
  const start: Progress = { page: firstPage, delivered: 0, stale: 0, first: new Set(), recent: [] }
  return Stream.paginate(start, (progress) =>
    read(progress.page).pipe(
      Effect.map(({ contacts, meta }) => {
        const fresh = contacts.filter(({ id }) =>
          !progress.first.has(id) && !progress.recent.some((page) => page.has(id))
        )
        const ids = new Set(contacts.map(({ id }) => id))
        const next: Progress = {
          page: progress.page + 1,
          delivered: progress.delivered + fresh.length,
          stale: fresh.length === 0 ? progress.stale + 1 : 0,
          first: progress.page === start.page ? ids : progress.first,
          recent: [...progress.recent, ids].slice(-rememberedPages)
        }
        // Past the end LiveDesk may return an empty page, the last one again or the first. Before the end, a page
        // without new contacts means that contacts created meanwhile pushed known ones onto it.
        const isOver = contacts.length === 0 ||
          (fresh.length === 0 && (next.delivered >= meta.count || next.stale > rememberedPages))
        return [fresh, isOver ? Option.none() : Option.some(next)] as const
      })
    ))
}
