import createClient from "openapi-fetch"
import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

interface Paths {
  [Sample.path]: {
    post: {
      requestBody: { content: { "application/json": typeof Sample.input } }
      responses: { 200: { content: { "application/json": unknown } } }
    }
  }
}

export const make: Contender.Make = (baseUrl) => {
  const api = createClient<Paths>({ baseUrl, headers: Sample.headers })
  return Contender.ofPromises(async () => {
    const { data, response } = await api.POST(Sample.path, { body: Sample.input })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return decode(data)
  })
}
