import ky from "ky"
import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

export const make: Contender.Make = (url) => {
  const api = ky.create({ headers: Sample.headers })
  return Contender.ofPromises(async () => decode(await api.post(`${url}${Sample.path}`, { json: Sample.input }).json()))
}
