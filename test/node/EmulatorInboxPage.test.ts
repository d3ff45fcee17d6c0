import { describe, expect, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

describe("the emulator's inbox", () => {
  it("is published as its sources have it; if not, run codegen", async () => {
    const made = execFileSync(process.execPath, [path("packages/node/inbox/build.ts")], { encoding: "utf8" })
    await expect(made).toMatchFileSnapshot(path("packages/node/src/internal/InboxPage.ts"))
  })
})
