import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { announce } from "./Act.ts"

/** Copies a text. If the browser does not allow that, selects the text, so that the user can copy it. */
export const Copy = ({ children, text }: { readonly children: string; readonly text: string }) => {
  const state = useSignal<"idle" | "copied" | "refused">("idle")
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (state.value === "refused") field.current?.select()
    if (state.value !== "copied") return
    const timer = setTimeout(() => {
      state.value = "idle"
    }, 2000)
    return () => clearTimeout(timer)
  }, [state.value])
  return (
    <>
      <button
        type="button"
        onClick={async () => {
          try {
            await navigator.clipboard.writeText(text)
            state.value = "copied"
            announce("Copied")
          } catch {
            state.value = "refused"
          }
        }}
      >
        {state.value === "copied" ? "Copied" : children}
      </button>
      {state.value === "refused"
        ? <textarea class="copied" readOnly rows={4} aria-label="To be copied by hand" ref={field} value={text} />
        : null}
    </>
  )
}
