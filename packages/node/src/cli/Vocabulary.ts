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
a able about above absent accept access action active address after age agent agents alive all allow allowed already
alt an and another any api apis app application are array arrays as attribute attributes auth authenticate
authentication authorization authorized avatar bad be bearer been before below between blank body boolean bot both
browser by cache cannot cards category cf change changed character characters charset client code color column
company completed configuration conflict connection contact contain content continue continuing control conversation
cookie correct could couldn count country create created credentials cross csat csv current cursor custom data
database date decode decoded default delete deleted denied description destroyed detail details didn differs digits
disabled display does doesn domain domains done draft duplicate during e164 each either email emails empty enabled
encoded encoding end entity entry enum error errors etag event every exactly exceeded exception excess exist existing
exists expected expired expires failed failing failure false feature field fields file finding finite first flag for
forbidden form format formats found frame from gateway get given gmt got group handle handled has hasn have header
headers hmac host html http https id ids if in inbox inboxes incorrect index info input integer internal into invalid
ip is isn it item items jpeg json keep key kind label labels language last least length level limit limits link list
literal live load locale location locked log long longer made maintenance make many match matched matching maximum
media message messages meta method minimum missing mode model modified more most much must name natural need needed
needs next no not null nullable number numbers object objects of offset on one only open operation option options or
order origin other over own page pages parameter params parse parsed pass password path payload pdf per permission
permissions permitted phone plain platform png policy port powered pragma present previous priority private process
processed processing profile project property protection protocol proxy public put quota quotas raised range rate
ratelimit raw read record redirect referrer reject rejected remaining remove reply request requester required reset
resource resources response result retry returned role root route rule rules runner runtime same sample schema scope
score search second seconds secret security see segment send sender sent server service session set settings short
should shouldn sign signature since size slow snoozed so sort source sources spam state status store strict string
strings sub success successful successfully such svc tag tags taken team template temporarily text texts than that the
their then there these this those ticket time timeout timestamp timezone timing title to token too total trace
traceparent track transfer transition transport true try type unable unauthorized unavailable undefined under union
unique unknown unprocessable unsupported until up update updated upload url usage user users utc uuid valid validation
value values vary version via view wait was webhook were when which whole widget with without writable wrong www xss
you your zone
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
