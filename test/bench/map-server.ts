/**
 * A LiveDesk that a test writes by hand: a server of Node's with maps. Replies with the JSON of the emulator, and checks the
 * least that makes a test trust it: credentials, paths, ids, e-mail addresses and texts. Reports its port and the header of
 * its credentials; asked, the number of requests. Has as many contacts at the start as its argument says.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"

interface Contact {
  readonly id: number
  readonly email: string | null
  readonly name: string
}

interface Fields {
  readonly [name: string]: unknown
}

const succeed = (body: object) => ({ status: 200, body })

const invalid = (message: string) => ({ status: 422, body: { message } })

const conversation: object = JSON.parse(
  readFileSync(new URL("../fixtures/create-conversation.json", import.meta.url), "utf8")
)
const seeded = Number(process.argv[2] ?? 0)
const authorization = `Basic ${Buffer.from("key:secret").toString("base64")}`
const contacts = new Map<number, Contact>()
const taken = new Set<string>()
const conversations = new Map<number, number>()
let [contactId, conversationId, messageId, requests] = [seeded, 0, 0, 0]

const inbox = {
  id: 407,
  account_id: 17623000010928,
  name: "API",
  channel_id: 407,
  channel_type: "Channel::Api",
  avatar_url: "",
  provider: null
}

const source = { inbox, source_id: "025914d6-b92b-40ac-be28-1c6f86b7d21d" }

const wire = ({ email, id, name }: Contact) => ({
  additional_attributes: {},
  availability_status: "offline",
  email,
  id,
  name,
  phone_number: null,
  blocked: false,
  identifier: null,
  thumbnail: "",
  custom_attributes: {},
  created_at: 1766571703,
  contact_inboxes: [source]
})

const contactOf = (id: number): Contact =>
  contacts.get(id) ?? { id, email: `contact${id}@acme.inc`, name: `Contact ${id}` }

const list = (query: URLSearchParams) => {
  const [q, page] = [query.get("q"), Number(query.get("page") ?? 1)]
  const ids = q === null
    ? Array.from(
      { length: Math.max(0, Math.min(15, contactId - 15 * (page - 1))) },
      (_, at) => 15 * (page - 1) + at + 1
    )
    : page > 1
    ? []
    : [...contacts.values()].filter(({ email, name }) => email?.includes(q) || name.includes(q)).map(({ id }) => id)
  return {
    meta: { count: q === null ? contactId : ids.length, current_page: page },
    payload: ids.map((id) => wire(contactOf(id)))
  }
}

const notFound = { status: 404, body: { error: "Resource could not be found" } }

const create = ({ email, inbox_id, name }: Fields) => {
  if (inbox_id !== undefined && inbox_id !== inbox.id) return notFound
  const text = (value: unknown) => typeof value === "string" ? value : null
  const contact = { id: contactId + 1, email: text(email), name: text(name) ?? "" }
  if (contact.email !== null) {
    if (!/^[^@\s]+@[^@\s]+$/.test(contact.email)) return invalid("Email Invalid email")
    if (taken.has(contact.email)) return invalid("Email has already been taken")
    taken.add(contact.email)
  }
  contacts.set(++contactId, contact)
  return succeed({ payload: { contact: wire(contact), contact_inbox: source } })
}

const converse = ({ contact_id, inbox_id }: Fields) => {
  if (inbox_id !== inbox.id || typeof contact_id !== "number" || contact_id > contactId) return notFound
  conversations.set(++conversationId, contact_id)
  return succeed({ ...conversation, id: conversationId })
}

const send = (id: number, { content }: Fields) => {
  if (!conversations.has(id)) return notFound
  if (typeof content !== "string" || content.trim() === "") {
    return invalid("param is missing or the value is empty: content")
  }
  return succeed({
    id: ++messageId,
    content,
    inbox_id: 407,
    conversation_id: id,
    message_type: 1,
    content_type: "text",
    status: "sent",
    content_attributes: {},
    created_at: 1766571703,
    private: false,
    source_id: null,
    sorting_id: messageId,
    sender: { id: 3, name: "Agent", type: "user", available_name: "Agent", availability_status: "online" }
  })
}

const respond = (method: string, url: URL, body: string) => {
  const [collection, id, messages] = url.pathname.slice("/api/v2/accounts/".length).split("/")
  if (method === "GET") return collection === "contacts" ? succeed(list(url.searchParams)) : notFound
  if (method !== "POST") return notFound
  const fields: Fields = JSON.parse(body)
  if (id === undefined) return collection === "contacts" ? create(fields) : converse(fields)
  return messages === "messages" ? send(Number(id), fields) : notFound
}

const server = createServer((request, response) => {
  requests++
  let body = ""
  request.setEncoding("utf8").on("data", (piece: string) => body += piece).on("end", () => {
    const { body: reply, status } = request.headers.authorization === authorization
      ? respond(request.method ?? "", new URL(request.url ?? "", "http://localhost"), body)
      : { status: 401, body: { error: "Invalid Access Token" } }
    const bytes = Buffer.from(JSON.stringify(reply))
    response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length }).end(bytes)
  })
})
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.({ baseUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, authorization })
})
process.on("message", () => process.send?.({ requests, cpu: process.cpuUsage() }))
process.on("disconnect", () => process.exit())
