import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

export const make: Contender.Make = (url) =>
  Contender.ofPromises(async () => {
    const response = await fetch(`${url}${Sample.path}`, {
      method: "POST",
      headers: Sample.headers,
      body: JSON.stringify(Sample.input)
    })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return decode(await response.json())
  })
