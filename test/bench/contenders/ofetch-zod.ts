import { ofetch } from "ofetch"
import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import * as Sample from "../Sample.ts"

export const make: Contender.Make = (baseURL) => {
  const api = ofetch.create({ baseURL, headers: Sample.headers })
  return Contender.ofPromises(async () => decode(await api(Sample.path, { method: "POST", body: Sample.input })))
}
