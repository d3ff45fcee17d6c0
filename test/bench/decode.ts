/** Times a decoder: microseconds for one conversation, the median of so many rounds. */
import * as Sample from "./Sample.ts"
import * as Spread from "./Spread.ts"

const [name = "", rounds = ""] = process.argv.slice(2)
const json: unknown = JSON.parse(Sample.response)
const { decode }: { readonly decode: (json: unknown) => unknown } = await import(`./decoders/${name}.ts`)

const perRound = 4000
const times: Array<number> = []
// Kept, so that no work can be left out.
let value: unknown
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now()
  for (let call = 0; call < perRound; call++) value = decode(json)
  times.push((performance.now() - start) * 1000 / perRound)
}

process.send?.({ time: Spread.of(times).median, value: Sample.canonical(value) })
process.disconnect?.()
