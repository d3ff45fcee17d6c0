/**
 * The texts that the command prints without its parser: `--version`, and the help of the whole command.
 *
 * @since 0.1.0
 */
import { stripVTControlCharacters } from "node:util"
import * as HelpText from "../internal/HelpText.ts"

/**
 * Returns the text that these arguments ask for, or `undefined` for a command to run.
 *
 * @category formatting
 * @since 0.1.0
 */
export const make = (
  args: ReadonlyArray<string>,
  version: string,
  terminal: { readonly env: { readonly [name: string]: string | undefined }; readonly isTerminal: boolean }
): string | undefined => {
  const [first, ...others] = args
  if (others.length > 0) return undefined
  const text = first === undefined || first === "--help" || first === "-h"
    ? HelpText.help
    : first === "--version" || first === "-v"
    ? HelpText.version.replace("<version>", version)
    : undefined
  return text === undefined || hasColors(terminal) ? text : stripVTControlCharacters(text)
}

/** Decides as `TerminalCapabilities` of effect/cli does. */
const hasColors = ({ env, isTerminal }: Parameters<typeof make>[2]): boolean => {
  const { FORCE_COLOR = "", NO_COLOR = "", TERM } = env
  return TERM !== "dumb" && NO_COLOR === "" && (isTerminal || !/^(?:|0|false)$/i.test(FORCE_COLOR))
}
