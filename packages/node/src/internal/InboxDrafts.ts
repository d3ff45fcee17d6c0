/**
 * What an agent asked for and a person decides about, in the emulator's inbox.
 *
 * @since 0.1.0
 */
import * as AgentDraft from "@effect-livedesk/core/agents/AgentDraft"
import * as AgentStore from "@effect-livedesk/core/agents/AgentStore"
import * as AgentWrite from "@effect-livedesk/core/agents/AgentWrite"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as NodeLiveDesk from "../NodeLiveDesk.ts"
import type { InboxAction } from "./InboxAction.ts"
import { InboxCallRejected } from "./InboxCall.ts"
import type { DraftsView, DraftView } from "./InboxView.ts"

export interface Options {
  readonly store: AgentStore.AgentStore["Service"]
  /** The services over the emulator's port, so that its requests and faults are those of any program. */
  readonly liveDesk: Layer.Layer<NodeLiveDesk.Provided, LiveDeskError.AuthError | LiveDeskError.ValidationError>
}

export interface InboxDrafts {
  readonly view: Effect.Effect<DraftsView>
  readonly decide: (decision: Decision) => Effect.Effect<void, InboxCallRejected>
}

type Decision = Extract<InboxAction, { readonly _tag: "DecideDraft" }>

/** The most drafts that a page gets: their texts are whole, since a person sends them. */
const longestList = 50

/** How long a page may show what another process has changed. */
const refreshed = "500 millis"

const viewOf = ({ askedAt, id, ids, problem = "", request, state }: AgentWrite.AgentWrite): DraftView => {
  const none = { contact_id: null, conversation_id: null, text: "" }
  const { contact_id: contactId, conversation_id: conversationId, text, ...fields } = { ...none, ...request.arguments }
  return {
    id,
    state,
    tool: request.tool,
    conversationId: conversationId ?? ids.conversation_id ?? null,
    contactId,
    text,
    fields: Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value)
    ]),
    askedAt,
    problem
  }
}

const reject = (status: number, message: string) => Effect.fail(new InboxCallRejected({ status, message }))

/** Makes them for all pages, which read the store together. */
export const make = Effect.fnUntraced(function*({ liveDesk, store }: Options): Effect.fn.Return<InboxDrafts> {
  const [view, refresh] = yield* AgentDraft.list.pipe(
    Effect.match({
      onFailure: ({ message }): DraftsView => ({ rows: [], more: 0, problem: message }),
      onSuccess: (writes): DraftsView => ({
        rows: writes.slice(0, longestList).map(viewOf),
        more: Math.max(0, writes.length - longestList),
        problem: null
      })
    }),
    Effect.provideService(AgentStore.AgentStore, store),
    Effect.cachedInvalidateWithTTL(refreshed)
  )

  const perform = ({ conversationId, decision, id }: Decision): Effect.Effect<
    unknown,
    | InboxCallRejected
    | AgentStore.AgentStoreError
    | AgentStore.NotWaitingError
    | AgentStore.OtherLiveDeskError
    | AgentStore.AgentResolutionError
    | LiveDeskError.AuthError
    | LiveDeskError.ValidationError,
    AgentStore.AgentStore
  > => {
    if (conversationId !== undefined && decision !== "processed") {
      return reject(400, "a conversation that was started was processed: choose that, or give no number")
    }
    switch (decision) {
      case "send":
        return Effect.flatMap(Effect.provide(AgentDraft.send(id), liveDesk), (write) =>
          write.state === "Done"
            ? Effect.void
            : AgentWrite.isUnresolved(write)
            ? reject(502, "whether LiveDesk did it is not known: look for it, then choose what you found")
            : reject(502, `nothing was sent: ${write.problem ?? "unknown reason"}`))
      case "discard":
        return AgentDraft.discard(id)
      case "processed":
        return AgentDraft.resolve(id, { _tag: "Processed", conversationId })
      case "not-processed":
        return AgentDraft.resolve(id, { _tag: "NotProcessed" })
    }
  }

  return {
    view,
    decide: (decision) =>
      perform(decision).pipe(
        Effect.asVoid,
        Effect.catchTags({
          NotWaitingError: ({ message }) => reject(409, message),
          OtherLiveDeskError: ({ message }) => reject(409, message),
          AgentResolutionError: ({ message }) => reject(409, message),
          AgentStoreError: ({ message }) => reject(500, message),
          AuthError: ({ message }) => reject(500, message),
          ValidationError: ({ message }) => reject(500, message)
        }),
        Effect.ensuring(refresh),
        Effect.provideService(AgentStore.AgentStore, store)
      )
  }
})
