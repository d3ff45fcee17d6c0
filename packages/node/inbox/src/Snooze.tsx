import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { act } from "./Act.ts"
import { view } from "./Live.ts"
import { Moment, zone } from "./Time.tsx"

/** A time as the field has it: by the browser's clock, without a zone. */
const local = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

const tomorrow = (now: number): number => {
  const day = new Date(now)
  day.setDate(day.getDate() + 1)
  return day.setHours(9, 0, 0, 0)
}

/** Asks until when a conversation is snoozed. */
export const Snooze = ({ done, id }: { readonly id: number; readonly done: () => void }) => {
  const ahead = view.value?.ahead ?? 0
  const now = () => Date.now() + ahead
  const problem = useSignal<string | undefined>(undefined)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const snooze = async () => {
    const until = new Date(field.current?.value ?? "").getTime()
    if (!(until > now())) {
      problem.value = "Choose a time that is still to come."
      return
    }
    problem.value = await act(
      { _tag: "ToggleStatus", conversationId: id, status: "snoozed", snoozedUntil: until },
      "The conversation is snoozed"
    )
    if (problem.value === undefined) done()
  }
  return (
    <form
      class="snooze"
      // The page says itself what is wrong with a time.
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void snooze()
      }}
    >
      <label class="field">
        <span>Until, in {zone}</span>
        <input
          type="datetime-local"
          ref={field}
          defaultValue={local(tomorrow(now()))}
          aria-describedby={problem.value === undefined ? undefined : "snooze-problem"}
        />
      </label>
      <button type="submit" class="main">Snooze</button>
      {Math.abs(ahead) < 60_000 ? null : (
        <p class="small">
          In the emulator it is <Moment at={now()} />.
        </p>
      )}
      {problem.value === undefined
        ? null
        : <p class="problem" role="alert" id="snooze-problem">{problem.value}</p>}
    </form>
  )
}
