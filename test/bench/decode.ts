/** Times the decoders in a process of their own: microseconds for one conversation, the median of interleaved rounds. */
import * as Sample from "./Sample.ts"

const [rounds = "15", ...names] = process.argv.slice(2)
const json: unknown = JSON.parse(Sample.answer)

const decoders = await Promise.all(names.map(async (name) => {
  const { decode }: { readonly decode: (json: unknown) => unknown } = await import(`./decoders/${name}.ts`)
  return { name, decode, times: Array<number>() }
}))

const perRound = 4000
let last: unknown
for (let round = 0; round < Number(rounds); round++) {
  for (const { decode, times } of decoders) {
    const start = performance.now()
    for (let call = 0; call < perRound; call++) last = decode(json)
    times.push((performance.now() - start) * 1000 / perRound)
  }
}

process.send?.(decoders.map(({ decode, name, times }) => ({
  name,
  time: times.toSorted((left, right) => left - right)[times.length >> 1],
  // Each decodes something else in the last round but one, so that no work is left out.
  value: last === undefined ? undefined : Sample.canonical(decode(json))
})))
process.disconnect?.()
