/** The guides, examples and the reference for a browser. */
import {
  DefaultTheme,
  type DocumentReflection,
  JSX,
  type NavigationElement,
  PageEvent,
  type ProjectReflection
} from "typedoc"
import type * as Reference from "./Reference.ts"

/** Below a guide: the guides before and after it. */
const neighbours = (documents: ReadonlyArray<DocumentReflection>, page: unknown) => {
  const index = documents.findIndex((document) => document === page)
  return index < 0 ? [] : [["prev", documents[index - 1]] as const, ["next", documents[index + 1]] as const]
}

const style = `
:root { --light-color-link: #0b5394; --light-color-focus-outline: #0b5394; }
.col-content .tsd-typography a, .tsd-hierarchy-title a, .tsd-signature a { text-decoration: underline; }
.tsd-breadcrumb:has(> :only-child) { display: none; }
.guides { display: flex; flex-wrap: wrap; gap: 1rem; margin: 3rem 0 1rem; }
.guides [rel="next"] { margin-left: auto; }
.col-content img { max-width: 100%; height: auto; }
.col-content code { overflow-wrap: break-word; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.col-content pre code { font-size: 0.8125rem; }
.col-content { min-width: 0; }
.col-content :is(h1, h2, h3, h4, h5, li, a), .tsd-index-link, .tsd-breadcrumb { overflow-wrap: anywhere; }
.tsd-signature { overflow-x: auto; overflow-wrap: anywhere; }
.diagram { display: block; overflow-x: auto; }
.col-content .diagram img { max-width: none; min-width: 38rem; width: 100%; }
.table { overflow-x: auto; }
.table th { text-align: start; }
`

/** Lists the pages below a page there alone: an entry that opens and is a link as well confuses screen readers. */
class Theme extends DefaultTheme {
  override buildNavigation(project: ProjectReflection) {
    const flat = (elements: ReadonlyArray<NavigationElement>): void => {
      for (const element of elements) {
        if (element.path === undefined) flat(element.children ?? [])
        else delete element.children
      }
    }
    const navigation = super.buildNavigation(project)
    flat(navigation)
    return navigation
  }
}

/** A heading is at most one level below the one before it: some kinds of pages have none of those between. */
const inOrder = (page: string): string => {
  let level = 0
  return page.replaceAll(/<h([1-6])([ >][^]*?)<\/h\1>/g, (_, given: string, rest: string) => {
    level = Math.min(Number(given), level + 1)
    return `<h${level}${rest}</h${level}>`
  })
}

/** Of TypeDoc's pages: landmarks, no link within what opens, headings in their order, icons and tables that fit anywhere. */
const correct = (page: string): string =>
  inOrder(
    page
      .replace("class=\"col-content\"", "class=\"col-content\" role=\"main\"")
      .replace("class=\"page-menu\"", "class=\"page-menu\" role=\"navigation\" aria-label=\"On this page\"")
      .replaceAll(
        /<summary[^]*?<\/summary>/g,
        (summary) => summary.replaceAll(/<a [^>]*tsd-anchor-icon[^]*?<\/a>/g, "")
      )
      .replaceAll(/<h5 (class="tsd-index-heading[^]*?)<\/h5>/g, "<h2 $1</h2>")
      .replaceAll(/<h4>(Hierarchy [^]*?)<\/h4>/g, "<h2 class=\"tsd-hierarchy-title\">$1</h2>")
      // From disk a browser takes icons out of the page alone, where a script puts them.
      .replaceAll(/"(?:\.\.\/)?assets\/icons\.svg#/g, "\"#")
      // Too small to read on a phone, where they scroll instead.
      .replaceAll(/<img src="([^"]+\.svg)"[^>]*>/g, "<a class=\"diagram\" href=\"$1\">$&</a>")
      .replaceAll("<table>", "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>")
      .replaceAll("</table>", "</table></div>")
  )

/** Needs no server and no network. */
export const write = async ({ app, project }: Reference.Reference, folder: string): Promise<void> => {
  const documents = (project.documents ?? []).filter(({ name }) => name !== "Reference" && name !== "Examples")
  app.renderer.hooks.on("head.end", () => JSX.createElement("style", null, JSX.createElement(JSX.Raw, { html: style })))
  app.renderer.hooks.on("content.end", (context) => {
    const links = neighbours(documents, context.page.model).flatMap(([rel, document]) =>
      document === undefined
        ? []
        : [JSX.createElement(
          "a",
          { rel, href: context.urlTo(document) },
          rel === "prev" ? `Previous: ${document.name}` : `Next: ${document.name}`
        )]
    )
    return links.length === 0
      ? JSX.createElement(JSX.Fragment, null)
      : JSX.createElement("nav", { class: "guides", "aria-label": "Guides" }, ...links)
  })
  app.renderer.on(PageEvent.END, (page: PageEvent) => {
    page.contents = correct(page.contents ?? "")
  })
  app.renderer.defineTheme("guides", Theme)
  app.options.setValue("theme", "guides")
  await app.generateDocs(project, folder)
  // What writes Markdown has no such theme.
  app.options.reset("theme")
}
