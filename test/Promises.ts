/** What no clock of a test waits for: the engine of workflows hashes ids by promises. */
import { Effect } from "effect"
import { WebCrypto } from "effect/crypto"
import { createHash } from "node:crypto"
import { setImmediate } from "node:timers/promises"

const subtle = new Proxy(globalThis.crypto.subtle, {
  get: (target, key) =>
    key === "digest"
      ? (_: string, data: Uint8Array) => Promise.resolve(createHash("sha256").update(data).digest())
      : Reflect.get(target, key)
})

/** Hashes at once: the platform's hashes take as long as the machine likes, and so no number of turns is enough. */
export const layer = WebCrypto.layer(
  new Proxy(globalThis.crypto, { get: (target, key) => key === "subtle" ? subtle : Reflect.get(target, key) })
)

/** Waits until what promises decide is decided. */
export const settle = Effect.promise(async () => {
  for (let turns = 0; turns < 25; turns++) await setImmediate()
})
