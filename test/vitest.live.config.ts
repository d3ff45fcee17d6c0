import { defineConfig } from "vitest/config"

/** The one suite that calls the live service: by name only, so that no key in the environment makes a test run do it. */
export default defineConfig({ test: { include: ["live/Live.test.ts"], disableConsoleIntercept: true } })
