/** The figures of `bench-growth`, and what the page on scaling shows of them: tables and plots. */
import * as Vega from "vega"
import * as VegaLite from "vega-lite"

/** The median of some runs, and their range. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
  readonly runs: number
}

/** How much was done, and what that took. */
export interface Point {
  /** What did it, where several are compared. */
  readonly series?: string
  readonly count: number
  readonly figures: { readonly [measure: string]: Figure }
}

export interface Figures {
  readonly machine: string
  readonly topics: { readonly [topic: string]: ReadonlyArray<Point> }
}

/** What is measured of a topic, and in which unit. */
export const topics: Readonly<
  Record<string, { readonly counted: string; readonly measures: Readonly<Record<string, string>> }>
> = {
  calls: {
    counted: "calls",
    measures: { cpu: "CPU a call, µs", rate: "calls a second", heap: "heap in use, MB" }
  },
  contacts: {
    counted: "contacts",
    measures: {
      cpu: "CPU a contact, µs",
      rate: "contacts a second",
      heap: "heap in use, MB",
      memory: "peak memory, MB"
    }
  },
  webhooks: {
    counted: "deliveries",
    measures: { cpu: "CPU a delivery, µs", rate: "deliveries a second", heap: "heap in use, MB" }
  },
  flows: {
    counted: "flows",
    measures: { cpu: "CPU a flow, ms", rate: "flows a second", requests: "requests a flow", rows: "rows a flow" }
  },
  imports: {
    counted: "rows",
    measures: { cpu: "CPU a row, µs", rate: "rows a second", memory: "peak memory, MB" }
  },
  emulator: {
    counted: "requests",
    measures: { rate: "requests a second", cpu: "CPU of the server a request, µs" }
  }
}

/** Makes the figure of some runs. */
export const figure = (values: ReadonlyArray<number>): Figure => {
  const sorted = values.toSorted((left, right) => left - right).map((value) => Number(value.toPrecision(3)))
  const at = (index: number) => sorted[index] ?? Number.NaN
  return { median: at(Math.floor(sorted.length / 2)), low: at(0), high: at(sorted.length - 1), runs: sorted.length }
}

// ---------------------------------------------------------------------------------------------------------------------
// tables
// ---------------------------------------------------------------------------------------------------------------------

const number = (value: number) => value.toLocaleString("en", { maximumSignificantDigits: 3 })

const cell = (figure: Figure | undefined): string => {
  if (figure === undefined) return "-"
  const { high, low, median, runs } = figure
  return runs === 1 || low === high ? number(median) : `${number(median)} (${number(low)} to ${number(high)})`
}

/** The table of a topic, as Markdown. */
const table = (topic: string, points: ReadonlyArray<Point>): string => {
  const { counted = "", measures = {} } = topics[topic] ?? {}
  const hasSeries = points.some(({ series }) => series !== undefined)
  const rows = [
    [...(hasSeries ? ["where"] : []), counted, "runs", ...Object.values(measures)],
    ...points.map(({ count, figures, series = "" }) => [
      ...(hasSeries ? [series] : []),
      count.toLocaleString("en"),
      String(Math.max(...Object.values(figures).map(({ runs }) => runs))),
      ...Object.keys(measures).map((measure) => cell(figures[measure]))
    ])
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")
}

const begin = (topic: string) => `<!-- figures: ${topic} -->`

const end = "<!-- end of figures -->"

/** The page, with the tables of these figures between its marks. */
export const write = (page: string, { machine, topics }: Figures): string =>
  Object.entries({ ...topics, machine: [] }).reduce((page, [topic, points]) => {
    const from = page.indexOf(begin(topic))
    if (from < 0) throw new Error(`the page has no place for ${topic}: ${begin(topic)}`)
    const to = page.indexOf(end, from)
    const text = topic === "machine" ? machine : table(topic, points)
    return `${page.slice(0, from)}${begin(topic)}\n\n${text}\n\n${page.slice(to)}`
  }, page)

// ---------------------------------------------------------------------------------------------------------------------
// plots
// ---------------------------------------------------------------------------------------------------------------------

/** Colours by light and dark, as in `docs/diagrams`: the first is the text's. */
const style = `<style>
  :root { --text: #1f2328; --line: #d0d7de; --a: #0969da; --b: #bf3989; --c: #1a7f37; --d: #9a6700; }
  @media (prefers-color-scheme: dark) {
    :root { --text: #e6edf3; --line: #30363d; --a: #58a6ff; --b: #f778ba; --c: #3fb950; --d: #d29922; }
  }
</style>`

const ink = "var(--text)"

/** The plots of a topic, one a measure, as an SVG. */
export const plot = async (topic: string, points: ReadonlyArray<Point>): Promise<string> => {
  const { counted = "", measures = {} } = topics[topic] ?? {}
  const shown = Object.entries(measures).filter(([measure]) => points.some(({ figures }) => measure in figures))
  const { spec } = VegaLite.compile({
    background: "transparent",
    hconcat: shown.map(([measure, title]): VegaLite.TopLevelSpec & object => ({
      title: { text: title, fontSize: 13, anchor: "start" },
      width: 180,
      height: 150,
      data: {
        values: points.flatMap(({ count, figures, series = counted }) => {
          const figure = figures[measure]
          return figure === undefined ? [] : [{ count, series, ...figure }]
        })
      },
      encoding: {
        x: { field: "count", type: "quantitative", scale: { type: "log" }, title: counted, axis: { grid: false } },
        color: {
          field: "series",
          type: "nominal",
          scale: { range: ["var(--a)", "var(--b)", "var(--c)", "var(--d)"] },
          legend: points.some(({ series }) => series !== undefined)
            ? { orient: "bottom", title: null, columns: 2 }
            : null
        }
      },
      layer: [
        {
          mark: { type: "line", point: { filled: true } },
          encoding: { y: { field: "median", type: "quantitative", title: null } }
        },
        { mark: "rule", encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } } }
      ]
    })) as never,
    config: {
      view: { stroke: null },
      axis: {
        labelColor: ink,
        titleColor: ink,
        gridColor: "var(--line)",
        domainColor: "var(--line)",
        tickColor: "var(--line)",
        format: "~s",
        tickCount: 5
      },
      legend: { labelColor: ink, labelLimit: 240 },
      title: { color: ink }
    }
  })
  const view = new Vega.View(Vega.parse(spec), { renderer: "none" })
  const svg = await view.toSVG()
  const label = `${counted}: ${shown.map(([, title]) => title).join("; ")}`
  return svg.replace(/^<svg([^>]*)>/, `<svg$1 role="img" aria-label="${label}"><title>${label}</title>${style}`) + "\n"
}
