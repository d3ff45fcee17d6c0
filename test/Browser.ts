import { Effect, type Scope } from "effect"
import { spawnSync } from "node:child_process"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"

const find = (): string | undefined =>
  ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
    .find((command) => spawnSync(command, ["--version"]).status === 0)

const command = find()

/** Whether `make` can be used; where not, a line of the test's report says what is left out. */
export const isInstalled = command !== undefined

/** A Chromium without a window, gone at the end of the scope. */
export const make: Effect.Effect<Browser, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      executablePath: spawnSync("which", [command ?? ""], { encoding: "utf8" }).stdout.trim(),
      // It refuses to run as root with its sandbox; it is shown nothing but the emulator.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : []
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** What a page said that it should not have: errors, warnings, and what its policy kept it from. */
export interface Opened {
  readonly page: Page
  readonly complaints: Array<string>
  /** The addresses that the page asked for. */
  readonly asked: Array<string>
}

/** A page of its own, as a person would come with an empty browser. */
export const open = (browser: Browser, url: string, options: BrowserContextOptions = {}): Effect.Effect<Opened> =>
  Effect.promise(async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    context.setDefaultTimeout(10_000)
    const page = await context.newPage()
    const complaints: Array<string> = []
    const asked: Array<string> = []
    page.on("pageerror", ({ message }) => complaints.push(message))
    page.on("console", (said) => complaints.push(said.text()))
    page.on("request", (request) => asked.push(request.url()))
    await page.goto(url)
    return { page, complaints, asked }
  })
