/** A process of this benchmark's: takes messages, and replies to each with one. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

export interface Child {
  /** Waits for the next message. */
  readonly reported: () => Promise<unknown>
  /** Sends a message, and waits for the next one. */
  readonly ask: (message: object) => Promise<unknown>
  readonly end: () => void
  /** Ends it, and waits until it is gone. */
  readonly ended: () => Promise<void>
}

export const start = (script: string, ...parameters: ReadonlyArray<string>): Child =>
  startWith([], script, ...parameters)

/** As `start`, by a Node.js that is given these options. */
export const startWith = (
  execArgv: ReadonlyArray<string>,
  script: string,
  ...parameters: ReadonlyArray<string>
): Child => startIn({}, execArgv, script, ...parameters)

/** As `startWith`, with these settings in its environment. */
export const startIn = (
  settings: Readonly<Record<string, string>>,
  execArgv: ReadonlyArray<string>,
  script: string,
  ...parameters: ReadonlyArray<string>
): Child => {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), parameters, {
    execArgv: [...execArgv],
    env: { ...process.env, ...settings }
  })
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
    end: () => {
      if (child.connected) child.disconnect()
    },
    ended: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, "exit")
      if (child.connected) child.disconnect()
      await gone
    }
  }
}
