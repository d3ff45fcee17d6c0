import type { ComponentChildren } from "preact"

/** A list through which the arrow keys go: Tab comes to one of its rows alone. */
export const Rows = ({ children, label }: { readonly label: string; readonly children: ComponentChildren }) => (
  <ul
    class="rows"
    aria-label={label}
    onKeyDown={(event) => {
      const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(".row")]
      const from = buttons.findIndex((button) => button === document.activeElement)
      const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: buttons.length - 1 }[event.key]
      if (to === undefined) return
      event.preventDefault()
      buttons[Math.max(0, Math.min(to, buttons.length - 1))]?.focus()
    }}
  >
    {children}
  </ul>
)
