import { beforeAll, beforeEach, chai, expect } from "vitest"

/** Lets `requireAssertions` see what `assert` asserts: Vitest counts the calls of its own `expect` alone. */
const { prototype } = chai.Assertion
const assert = prototype.assert

/** Of errors chai compares name, message and code alone; here also all else that they hold. */
const deepEqual = chai.config.deepEqual
const areEqual = (one: unknown, other: unknown): boolean =>
  chai.util.eql(one, other, {
    comparator: (one: unknown, other: unknown) =>
      one instanceof Error && other instanceof Error
        ? one.name === other.name && one.message === other.message && areEqual({ ...one }, { ...other })
        : null
  })

let seen = false

beforeAll(() => {
  prototype.assert = function(...parameters) {
    if (!seen) {
      seen = true
      expect.setState({ assertionCalls: expect.getState().assertionCalls + 1 })
    }
    return assert.apply(this, parameters)
  }
  chai.config.deepEqual = areEqual
  return () => {
    prototype.assert = assert
    chai.config.deepEqual = deepEqual
  }
})

beforeEach(() => {
  seen = false
})
