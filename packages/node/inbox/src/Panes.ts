/** Which of the panes is seen where there is room for one alone, and which part of a pane. */
import { signal } from "@preact/signals"

export const pane = signal<"people" | "record" | "activity">(location.hash === "" ? "people" : "record")

export const people = signal<"conversations" | "contacts" | "tickets">("conversations")

export const activity = signal<"requests" | "webhooks" | "faults" | "drafts">("requests")

/** Shows a pane, and goes there with the keyboard where the one before is hidden by it. */
export const go = (to: typeof pane.value): void => {
  pane.value = to
  if (matchMedia("(max-width: 68rem)").matches) {
    requestAnimationFrame(() => document.getElementById(`${to}-heading`)?.focus())
  }
}
