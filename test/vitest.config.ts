import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    dir: "..",
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"]
  }
})
