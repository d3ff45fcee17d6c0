/** How far the figures of several processes lie apart. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export const of = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((left, right) => left - right)
  return { median: sorted[sorted.length >> 1] ?? NaN, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN }
}

/** Whether processes differ by more than half of what they say: other work on the machine decides then. */
const isWorthless = ({ least, median, most }: Spread): boolean => !(most - least <= median / 2)

/** A ratio as `0.97 (0.91 to 1.08)`. */
export const text = (spread: Spread): string =>
  `${spread.median.toFixed(2)} (${spread.least.toFixed(2)} to ${spread.most.toFixed(2)}${
    isWorthless(spread) ? ", too far apart to say anything" : ""
  })`
