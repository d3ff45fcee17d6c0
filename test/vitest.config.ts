import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    dir: "..",
    // Some tests start programs, which a busy machine makes wait.
    testTimeout: 30_000,
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"]
  }
})
