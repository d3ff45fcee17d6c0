/** Times the decoders in a process of their own: microseconds for one conversation, the median of interleaved rounds. */
import * as Sample from "./Sample.ts"

const [rounds = "15", ...names] = process.argv.slice(2)
const json: unknown = JSON.parse(Sample.response)

const decoders = await Promise.all(names.map(async (name) => {
  const { decode }: { readonly decode: (json: unknown) => unknown } = await import(`./decoders/${name}.ts`)
  const value: unknown = undefined
  return { name, decode, times: Array<number>(), value }
}))

const perRound = 4000
for (let round = 0; round < Number(rounds); round++) {
  for (const decoder of decoders) {
    const start = performance.now()
    // Kept, so that no work can be left out.
    for (let call = 0; call < perRound; call++) decoder.value = decoder.decode(json)
    decoder.times.push((performance.now() - start) * 1000 / perRound)
  }
}

process.send?.(decoders.map(({ name, times, value }) => ({
  name,
  time: times.toSorted((left, right) => left - right)[times.length >> 1],
  value: Sample.canonical(value)
})))
process.disconnect?.()
