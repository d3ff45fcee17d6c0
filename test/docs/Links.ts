/** Whether the pages of the site lead somewhere: to a file of the site and an anchor on it. They load nothing from elsewhere. */
import * as Fs from "node:fs"
import * as Path from "node:path"

const attributes = (page: string, name: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(new RegExp(` ${name}="([^"]*)"`, "g")), ([, value = ""]) => value.replaceAll("&amp;", "&"))

const isElsewhere = (address: string): boolean => /^[a-z]+:/.test(address)

/** What is wrong, a line each. */
export const problems = (folder: string): ReadonlyArray<string> => {
  const pages = new Map(
    Fs.globSync("**/*.html", { cwd: folder }).map((file) => [file, Fs.readFileSync(Path.join(folder, file), "utf8")])
  )
  const anchors = new Map(Array.from(pages, ([file, page]) => [file, new Set(attributes(page, "id"))]))
  const leads = (from: string, link: string): boolean => {
    const [path = "", anchor = ""] = link.split("#").map(decodeURIComponent)
    const target = path === "" ? from : Path.join(Path.dirname(from), path)
    return Fs.statSync(Path.join(folder, target), { throwIfNoEntry: false })?.isFile() === true &&
      (anchor === "" || anchors.get(target)?.has(anchor) !== false)
  }
  return Array.from(pages).flatMap(([file, page]) => [
    ...attributes(page, "href")
      // Those of icons, which a script puts into the page.
      .filter((link) => !isElsewhere(link) && !link.startsWith("#icon-") && !leads(file, link))
      .map((link) => `site/${file} leads to ${link}, which is not there`),
    ...attributes(page, "src")
      .filter((source) => isElsewhere(source) || !leads(file, source))
      .map((source) => `site/${file} loads ${source}, which is not of the site`)
  ])
}
