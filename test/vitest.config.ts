import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    dir: "..",
    // Some tests start programs, which a busy machine makes wait.
    testTimeout: 30_000,
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    // Calls the live service: vitest.live.config.ts.
    exclude: ["**/node_modules/**", "test/live/Live.test.ts"]
  }
})
