import * as Undici from "undici"
import * as Contender from "../Contender.ts"
import * as Sample from "../Sample.ts"

/** The limit of what can be: a request, and `JSON.parse`. */
export const make: Contender.Make = (url) => Contender.ofPromises(() => request(url))

export const request = async (url: string): Promise<unknown> => {
  const { body, statusCode } = await Undici.request(`${url}${Sample.path}`, {
    method: "POST",
    headers: Sample.headers,
    body: JSON.stringify(Sample.input)
  })
  if (statusCode !== 200) throw new Error(`status ${statusCode}`)
  return JSON.parse(await body.text())
}
