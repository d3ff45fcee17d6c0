import { assert, describe, layer } from "@effect/vitest"
import Axe from "axe-core"
import { Context, Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import type { BrowserContextOptions, Page } from "playwright-core"
import * as Browser from "./Browser.ts"
import * as Folder from "./Folder.ts"

if (!Browser.isInstalled) process.stderr.write("Chromium is not installed: the pages of the site are left out\n")

/** The site in a folder of its own, and a browser that opens it from there. */
class Site extends Context.Service<Site>()("test/Site", {
  make: Effect.gen(function*() {
    const folder = yield* Folder.make
    const maker = fileURLToPath(new URL("docs/site.ts", import.meta.url))
    yield* Effect.promise(() => promisify(execFile)(process.execPath, [maker, "--only", folder]))
    const pages = Fs.globSync("**/*.html", { cwd: folder }).sort()
    const guides = pages.filter((page) => /^documents\/(?!Examples\.|Reference\.)/.test(page))
    const browser = yield* Browser.make
    const urlOf = (page: string): string => pathToFileURL(Path.join(folder, page)).href
    const open = (page: string, options?: BrowserContextOptions) => Browser.open(browser, urlOf(page), options)
    return { folder, pages, guides, urlOf, open }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

const see = <A>(look: () => Promise<A>): Effect.Effect<A> => Effect.promise(look)

const phone = { viewport: { width: 390, height: 844 } }

/** A page is hidden until its script has run. */
const go = async (page: Page, url: string): Promise<void> => {
  await page.goto(url)
  await page.waitForFunction(() => document.body.style.display !== "none")
}

/** What axe finds wrong, with where. */
const violations = (page: Page): Promise<ReadonlyArray<string>> =>
  page.evaluate(async () => {
    // It must not read style sheets: a browser lets no script read files.
    // @ts-expect-error It is the script's own global.
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"], preload: false })
    return violations.flatMap(({ id, nodes }: { id: string; nodes: Array<{ html: string; failureSummary: string }> }) =>
      nodes.map(({ failureSummary, html }) => `${id}: ${html} ${failureSummary}`)
    )
  })

/** Each size and each colour scheme once: the rules of one do not depend on the other. */
const looks = [
  { name: "on a phone", width: 390, colorScheme: "light" },
  { name: "on a desktop in the dark", width: 1280, colorScheme: "dark" }
] as const

/** Opens the pages one after the other, and gives what is wrong with each. */
const judge = Effect.fnUntraced(function*(pages: ReadonlyArray<string>) {
  const { open, urlOf } = yield* Site
  const found: Array<string> = []
  const { asked, complaints, page } = yield* open("index.html")
  for (const name of pages) {
    yield* see(() => go(page, urlOf(name)))
    yield* see(() => page.evaluate(Axe.source))
    for (const { colorScheme, name: look, width } of looks) {
      yield* see(() => page.setViewportSize({ width, height: 844 }))
      yield* see(() => page.emulateMedia({ colorScheme }))
      for (const violation of yield* see(() => violations(page))) found.push(`${name} ${look}: ${violation}`)
      const isWide = yield* see(() =>
        page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
      )
      if (isWide) found.push(`${name} ${look}: scrolls sideways`)
    }
    found.push(...complaints.splice(0).map((complaint) => `${name}: ${complaint}`))
    const outside = asked.splice(0).filter((url) => !url.startsWith(urlOf("")) && !url.startsWith("data:"))
    found.push(...outside.map((url) => `${name} asks for ${url}`))
  }
  yield* see(() => page.context().close())
  return found
})

const broken = `<!DOCTYPE html><html lang="en"><head><title>Broken</title>
<link rel="icon" href="data:,"><style>@media (prefers-color-scheme: dark) { p { color: #ddd; background: #fff } }</style>
</head><body><main><h1>Broken</h1><p>Pale</p><div style="width: 600px">wide</div><img src="http://127.0.0.1:9/none.png">
<script>console.error("oh")</script></main></body></html>`

describe.skipIf(!Browser.isInstalled)("the site, opened from disk (left out where Chromium is not installed)", () => {
  layer(Site.layer, { timeout: 300_000 })((it) => {
    // In parts, each of which ends in its time on a busy machine too.
    for (const part of [0, 1, 2, 3, 4, 5, 6, 7]) {
      it.effect(`has no page that complains, needs the network, scrolls sideways or displeases axe: part ${part + 1} of 8`, () =>
        Effect.gen(function*() {
          const { guides, pages } = yield* Site
          const others = pages.filter((page) => !guides.includes(page)).filter((_, index) => index % 40 === 0)
          const seen = ["index.html", ...guides, ...others].filter((_, index) => index % 8 === part)
          assert.isAbove(seen.length, 5)
          assert.deepStrictEqual(yield* judge(seen), [])
        }))
    }

    it.effect("says what is wrong with a page that is broken", () =>
      Effect.gen(function*() {
        const { folder } = yield* Site
        Fs.writeFileSync(Path.join(folder, "broken.html"), broken)
        const found = (yield* judge(["broken.html"])).map((problem) => problem.split(" Fix ")[0])
        assert.includeMembers(found, [
          "broken.html on a phone: scrolls sideways",
          "broken.html on a desktop in the dark: color-contrast: <p>Pale</p>",
          "broken.html: oh",
          "broken.html asks for http://127.0.0.1:9/none.png"
        ])
        assert.match(found.join("\n"), /^broken\.html on a phone: image-alt: /m)
        assert.notInclude(found, "broken.html on a desktop in the dark: scrolls sideways")
      }))

    it.effect("leads from the first guide to the last by Next, and from there back by Previous", () =>
      Effect.gen(function*() {
        const { guides, open, urlOf } = yield* Site
        const { page } = yield* open("documents/Guides.html")
        const link = (name: RegExp) => page.getByRole("navigation", { name: "Guides" }).getByRole("link", { name })
        const seen = [page.url()]
        while ((yield* see(() => link(/^Next/).count())) > 0) {
          yield* see(() => link(/^Next/).click())
          yield* see(() => page.waitForURL((url) => url.href !== seen.at(-1)))
          seen.push(page.url())
        }
        assert.sameMembers(seen, guides.map(urlOf))
        yield* see(() => link(/^Previous/).click())
        yield* see(() => page.waitForURL(seen.at(-2) ?? ""))
      }))

    it.effect("finds by its search what a reader looks for, and opens it", () =>
      Effect.gen(function*() {
        const { open } = yield* Site
        const { page } = yield* open("index.html", phone)
        yield* see(() => page.getByRole("button", { name: "Search" }).click())
        yield* see(() => page.getByRole("combobox").fill("Unauthorized"))
        yield* see(() => page.getByRole("option", { name: /LiveDeskError\.?Unauthorized/ }).first().click())
        yield* see(() => page.getByRole("heading", { name: "Class Unauthorized" }).waitFor())
        assert.match(page.url(), /LiveDeskError\.Unauthorized\.html/)
      }))

    it.effect("copies a block of code by its button", () =>
      Effect.gen(function*() {
        const { open } = yield* Site
        const { page } = yield* open("documents/Quickstart.html", {
          permissions: ["clipboard-read", "clipboard-write"]
        })
        const blocks = page.locator("pre")
        const count = yield* see(() => blocks.count())
        assert.isAbove(count, 1)
        assert.strictEqual(yield* see(() => blocks.getByRole("button", { name: "Copy" }).count()), count)
        yield* see(() => blocks.first().hover())
        yield* see(() => blocks.first().getByRole("button", { name: "Copy" }).click())
        assert.strictEqual(
          yield* see(() => page.evaluate(() => navigator.clipboard.readText())),
          (yield* see(() => blocks.first().locator("code").innerText())).trimEnd()
        )
      }))

    it.effect("turns dark by its setting, diagrams too, and stays it on the next page", () =>
      Effect.gen(function*() {
        const { open, urlOf } = yield* Site
        const { page } = yield* open("documents/Outcomes.html", { colorScheme: "light" })
        const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
        const diagram = page.locator("img[src$='outcomes.svg']")
        const light = [yield* see(background), yield* see(() => diagram.screenshot())]
        yield* see(() => page.getByRole("heading", { name: "Settings" }).click())
        yield* see(() => page.getByLabel("Theme").selectOption("dark"))
        const dark = yield* see(background)
        assert.notDeepEqual([dark, yield* see(() => diagram.screenshot())], light)
        assert.isFalse(light.includes(dark))
        yield* see(() => go(page, urlOf("documents/Errors.html")))
        assert.strictEqual(yield* see(background), dark)
      }))
  })
})
