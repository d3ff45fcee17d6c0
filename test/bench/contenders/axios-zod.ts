import axios from "axios"
import { Agent } from "node:http"
import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

export const make: Contender.Make = (baseURL) => {
  const api = axios.create({ baseURL, headers: Sample.headers, httpAgent: new Agent({ keepAlive: true }) })
  return Contender.ofPromises(async () => {
    const { data } = await api.post<unknown>(Sample.path, Sample.input)
    return decode(data)
  })
}
