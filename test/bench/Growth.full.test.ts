import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { topics } from "./GrowthPage.ts"

it("measures how cost grows, of every topic", () => {
  const script = fileURLToPath(new URL("growth.ts", import.meta.url))
  const { status, stderr, stdout } = spawnSync(process.execPath, [script, "--quick"], { encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  assert.sameMembers([...new Set(stdout.match(/^\w+(?=.* \d+: )/gm))], Object.keys(topics))
}, 300_000)
