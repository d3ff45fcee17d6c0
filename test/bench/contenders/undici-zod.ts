import * as Contender from "../Contender.ts"
import { decode } from "../decoders/zod.ts"
import { request } from "./undici.ts"

export const make: Contender.Make = (url) => Contender.ofPromises(async () => decode(await request(url)))
