import { beforeAll, beforeEach, chai, expect } from "vitest"

/** Lets `requireAssertions` see what `assert` asserts: Vitest counts the calls of its own `expect` alone. */
const { prototype } = chai.Assertion
const assert = prototype.assert

let seen = false

beforeAll(() => {
  prototype.assert = function(...parameters) {
    if (!seen) {
      seen = true
      expect.setState({ assertionCalls: expect.getState().assertionCalls + 1 })
    }
    return assert.apply(this, parameters)
  }
  return () => {
    prototype.assert = assert
  }
})

beforeEach(() => {
  seen = false
})
