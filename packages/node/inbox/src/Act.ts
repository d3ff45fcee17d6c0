/** The actions of the page. */
import { signal } from "@preact/signals"
import type { InboxAction } from "../../src/internal/InboxAction.ts"

/** The last result, for screen readers. */
export const announcement = signal("")

export const announce = (text: string): void => {
  announcement.value = ""
  // A text that stays as it is would not be read out again.
  requestAnimationFrame(() => {
    announcement.value = text
  })
}

/** Sends the action, and returns what was wrong, or nothing. The id of a record that it creates goes to `created`. */
export const act = async (
  action: InboxAction,
  done: string,
  created?: (id: number | string) => void
): Promise<string | undefined> => {
  const { id, problem } = await send(action)
  announce(problem ?? done)
  if (id !== undefined) created?.(id)
  return problem
}

interface Sent {
  readonly id?: number | string
  readonly problem?: string
}

const send = async (action: InboxAction): Promise<Sent> => {
  try {
    const response = await fetch("/inbox/actions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(action)
    })
    const { error, id }: { readonly error?: string; readonly id?: number | string } = await response.json()
    if (!response.ok) return { problem: error ?? `the emulator responded with ${response.status}` }
    return id === undefined ? {} : { id }
  } catch {
    return { problem: "the emulator could not be reached" }
  }
}
