/** The actions of the page. */
import { signal } from "@preact/signals"
import type { InboxAction } from "../../src/internal/InboxAction.ts"

/** The last result, for screen readers. */
export const announcement = signal("")

/** Sends the action, and returns what was wrong, or nothing. */
export const act = async (action: InboxAction, done: string): Promise<string | undefined> => {
  const problem = await send(action)
  announcement.value = ""
  // A text that stays as it is would not be read out again.
  requestAnimationFrame(() => {
    announcement.value = problem ?? done
  })
  return problem
}

const send = async (action: InboxAction): Promise<string | undefined> => {
  try {
    const response = await fetch("/inbox/actions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(action)
    })
    if (response.ok) return undefined
    const { error }: { readonly error?: string } = await response.json()
    return error ?? `the emulator responded with ${response.status}`
  } catch {
    return "the emulator could not be reached"
  }
}
