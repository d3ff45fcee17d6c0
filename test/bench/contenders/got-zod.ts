import got from "got"
import { Agent } from "node:http"
import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

export const make: Contender.Make = (url) => {
  const api = got.extend({
    prefixUrl: url,
    headers: Sample.headers,
    responseType: "json",
    // Without it, each call makes a connection of its own.
    agent: { http: new Agent({ keepAlive: true }) }
  })
  return Contender.ofPromises(async () => {
    const { body } = await api.post(Sample.path.slice(1), { json: Sample.input })
    return decode(body)
  })
}
