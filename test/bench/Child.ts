/** A process of this benchmark's: takes messages, and replies to each with one. */
import { fork, type ForkOptions } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"

export interface Child {
  /** Waits for the next message. */
  readonly reported: () => Promise<unknown>
  /** Sends a message, and waits for the next one. */
  readonly ask: (message: object) => Promise<unknown>
  /** Lets it end, and waits until it has. */
  readonly end: () => Promise<void>
}

export const start = (script: string, ...parameters: ReadonlyArray<string>): Child => forked({}, script, parameters)

/** As `start`, by a Node.js that is given these options. */
export const startWith = (
  execArgv: ReadonlyArray<string>,
  script: string,
  ...parameters: ReadonlyArray<string>
): Child => forked({ execArgv: [...execArgv] }, script, parameters)

/** As `startWith`, with settings in the environment. */
export const startIn = (
  env: Readonly<Record<string, string>>,
  execArgv: ReadonlyArray<string>,
  script: string,
  ...parameters: ReadonlyArray<string>
): Child => forked({ env: { ...process.env, ...env }, execArgv: [...execArgv] }, script, parameters)

/** As `start`, of a built script, under a program that runs the rest of this command line. */
export const startUnder = (
  [execPath, ...execArgv]: readonly [string, ...Array<string>],
  script: string,
  ...parameters: ReadonlyArray<string>
): Child => forked({ execPath, execArgv }, script, parameters)

const forked = (options: ForkOptions, script: string, parameters: ReadonlyArray<string>): Child => {
  const child = fork(Path.resolve(import.meta.dirname, script), parameters, options)
  const ended = once(child, "exit")
  const reported = () =>
    new Promise<unknown>((resolve, reject) => {
      const fail = (code: number | null) => reject(new Error(`${script} ${parameters.join(" ")} ended with ${code}`))
      child.once("exit", fail)
      child.once("message", (message) => {
        child.off("exit", fail)
        resolve(message)
      })
    })
  return {
    reported,
    ask: (message) => {
      const response = reported()
      child.send(message)
      return response
    },
    end: async () => {
      if (child.connected) child.disconnect()
      await ended
    }
  }
}
