/**
 * The words that a published report may have of a response: those of the contract, and technical ones. Personal values
 * are made of other words.
 *
 * @since 0.1.0
 */
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import * as Predicate from "effect/Predicate"

// No name of a person is among them, whatever else it means: no "mark", "may", "will" or "grace".
const technical = `
a about absent accept access action active address after age agent agents all allow allowed already alt an and another
any api app application array as attribute attributes auth authenticate authentication authorization authorized avatar
bad bearer before blank body boolean bot browser by cache cannot cards category cf change changed channel character
characters charset client code color column company completed configuration conflict connection contact contain content
control conversation cookie correct count country create created credentials cross csat current custom cursor data
database date default delete deleted denied description destroyed detail details differs disabled display does domain
domains done draft duplicate during e164 either email empty enabled encoding end entity entry enum error errors etag
event exceeded excess exist existing exists expected expired expires failed false feature field fields file first
flag for forbidden form format formats found frame from get given got group has have header headers host html http https
id ids if in inbox inboxes incorrect index info input integer internal invalid ip is it item items json key kind label
labels language last least length level limit limits link list live load locale location locked log long longer match
matching maximum media message messages meta method minimum missing mode model modified more most must name
needed next no not null number object of offset on one only open operation option options or order origin other page
pages parameter params parse pass password path payload per permission permissions permitted phone platform policy port
powered pragma present previous priority private profile project property protection protocol proxy public put quota
quotas range rate ratelimit raw read record redirect referrer reject rejected remaining remove reply request
requester required reset resource response result retry returned role root route rule rules runner runtime same sample
schema scope score search second seconds secret security see segment send sender sent server service session set settings
short should sign signature since size slow snoozed sort source sources spam state status store strict string sub success
successful successfully svc tag tags taken team template text than that the their then there this ticket time timeout
timezone timestamp timing title to token too total trace traceparent track transfer transition transport true try type
unauthorized undefined unique unknown unprocessable unsupported until up update updated upload url usage user users uuid
valid validation value values vary version via view wait was webhook when which widget with without writable wrong www
xss you your zone
`.split(/\s+/)

/** The parts of a name such as `contact_inboxes`, `createdAt`, `x-request-id` or `Channel::Api`. */
const partsOf = (name: string): ReadonlyArray<string> =>
  name.split(/[^\p{L}\p{M}\p{N}]+|(?<=\p{Ll})(?=\p{Lu})/u).filter((part) => part !== "").map((part) =>
    part.toLowerCase()
  )

/** The names in the contract, and the values that it lists for some of them. */
const readContract = () => {
  const names = new Set<string>()
  const values = new Map<string, Set<string>>()
  const valuesOf = (schema: unknown): ReadonlyArray<string> => {
    if (Array.isArray(schema)) return schema.flatMap(valuesOf)
    if (!Predicate.isObject(schema)) return []
    return [...(Array.isArray(schema["enum"]) ? schema["enum"].map(String) : []), ...valuesOf(schema["anyOf"])]
  }
  const visit = (json: unknown): void => {
    if (Array.isArray(json)) return json.forEach(visit)
    if (!Predicate.isObject(json)) return
    const { in: place, name, properties, schema } = json
    for (
      const [key, value] of [
        ...(Predicate.isObject(properties) ? Object.entries(properties) : []),
        ...(typeof name === "string" && typeof place === "string" ? [[name, schema] as const] : [])
      ]
    ) {
      names.add(key)
      const listed = valuesOf(value)
      if (listed.length > 0) values.set(key, new Set([...values.get(key) ?? [], ...listed]))
    }
    Object.values(json).forEach(visit)
  }
  visit(LiveDeskOpenApi.make())
  return { names, values }
}

const contract = readContract()

const words: ReadonlySet<string> = new Set([
  ...technical,
  ...[...contract.names, ...[...contract.values.values()].flatMap((values) => [...values])].flatMap(partsOf)
])

/** Names of fields whose values are words of the service's own, also where the contract lists none. */
const wordFields = /(?:^|_)(?:type|status|state|kind|mode|category|priority|event|channel|code)$/

const isWords = (text: string): boolean => {
  const parts = partsOf(text)
  // Of other characters, only those that join the parts of names.
  return text.length <= 60 && parts.length > 0 && /^[\w:./ -]+(?:\[\])?$/.test(text) &&
    parts.every((part) => words.has(part) || part === "x")
}

/**
 * Whether a key or the name of a header consists of known words.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isName = (name: string): boolean => contract.names.has(name) || isWords(name)

/**
 * Whether a value is a word of the service's own: the contract lists it for this key, or the key's values are such
 * words and this one consists of known ones.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isValue = (key: string, value: string): boolean =>
  contract.values.get(key)?.has(value) === true ||
  ((contract.values.has(key) || wordFields.test(key)) && isWords(value))

/**
 * The known words of a sentence, with an ellipsis for whatever else it has.
 *
 * @category formatting
 * @since 0.1.0
 */
export const sentence = (text: string): string =>
  text.slice(0, 300)
    .replaceAll(/[\p{L}\p{M}\p{N}]+/gu, (word) => words.has(word.toLowerCase()) ? word : "…")
    .replaceAll(/[^A-Za-z0-9 .,:;'"()/_…-]+/g, " ")
    .replaceAll(/…(?:[^A-Za-z]*…)+/g, "…")
    .replaceAll(/ {2,}/g, " ")
    .trim()
