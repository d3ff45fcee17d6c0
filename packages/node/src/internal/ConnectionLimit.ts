/**
 * Bounds the requests that undici has at once.
 *
 * @since 0.1.0
 */

/** @internal */
export interface Waiter {
  /** Called once, when its turn has come. */
  start(): void
}

/**
 * Lets a number of requests through to undici, and the others wait in order. A request counts until undici is done with
 * it, also when its call was interrupted: undici still connects for it. undici reports that outside any fiber, so this is
 * no `Semaphore`.
 *
 * @internal
 */
export class ConnectionLimit {
  private free: number
  private readonly waiters = new Set<Waiter>()

  constructor(limit: number) {
    this.free = limit
  }

  /** Starts a request and returns `true`, or lets it wait. */
  add(waiter: Waiter): boolean {
    if (this.free === 0 || this.waiters.size > 0) {
      this.waiters.add(waiter)
      return false
    }
    this.free--
    waiter.start()
    return true
  }

  /** Lets a request that waits never start. */
  remove(waiter: Waiter): void {
    this.waiters.delete(waiter)
  }

  /** Called once for each request that was started, when undici is done with it. */
  release(): void {
    this.free++
    // undici takes no request in the middle of its callbacks.
    if (this.waiters.size > 0) queueMicrotask(() => this.startNext())
  }

  private startNext(): void {
    for (const waiter of this.waiters) {
      if (this.free === 0) return
      this.waiters.delete(waiter)
      this.free--
      waiter.start()
    }
  }
}
