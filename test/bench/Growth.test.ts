import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import * as GrowthPage from "./GrowthPage.ts"

const docs = new URL("../../docs/", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, docs), "utf8")
const figures: GrowthPage.Figures = JSON.parse(read("plots/growth.json"))

describe("the page on how cost grows", () => {
  it("shows the figures of the file that the benchmark wrote", () => {
    const page = read("scaling.md")
    assert.strictEqual(GrowthPage.write(page, figures), page)
  })

  it("has a plot of each topic, drawn from those figures", async () => {
    assert.sameMembers(
      readdirSync(new URL("plots/", docs)),
      ["growth.json", ...Object.keys(figures.topics).map((topic) => `${topic}.svg`)]
    )
    assert.sameMembers(Object.keys(figures.topics), Object.keys(GrowthPage.topics))
    for (const [topic, points] of Object.entries(figures.topics)) {
      assert.strictEqual(await GrowthPage.plot(topic, points), read(`plots/${topic}.svg`), topic)
    }
  })
})
