/**
 * A LiveDesk that a test writes by hand: a server of Node's with maps. Replies with the JSON of the emulator, checks nothing
 * and reports its port; asked, the number of requests. Has as many contacts at the start as its argument says.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"

interface Contact {
  readonly id: number
  readonly email: string | null
  readonly name: string
}

const conversation: object = JSON.parse(
  readFileSync(new URL("../fixtures/create-conversation.json", import.meta.url), "utf8")
)
const seeded = Number(process.argv[2] ?? 0)
const contacts = new Map<number, Contact>()
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

const create = ({ email = null, name = "" }: { readonly email?: string | null; readonly name?: string }) => {
  const contact = { id: ++contactId, email, name }
  contacts.set(contact.id, contact)
  return { payload: { contact: wire(contact), contact_inbox: source } }
}

const converse = ({ contact_id }: { readonly contact_id: number }) => {
  conversations.set(++conversationId, contact_id)
  return { ...conversation, id: conversationId }
}

const send = (id: number, { content }: { readonly content: string }) => ({
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

const respond = (method: string, url: URL, body: string): object => {
  if (method === "GET") return list(url.searchParams)
  if (url.pathname.endsWith("/contacts")) return create(JSON.parse(body))
  if (url.pathname.endsWith("/conversations")) return converse(JSON.parse(body))
  return send(Number(url.pathname.split("/").at(-2)), JSON.parse(body))
}

const server = createServer((request, response) => {
  requests++
  let body = ""
  request.setEncoding("utf8").on("data", (piece: string) => body += piece).on("end", () => {
    const url = new URL(request.url ?? "", "http://localhost")
    const reply = Buffer.from(JSON.stringify(respond(request.method ?? "", url, body)))
    response.writeHead(200, { "content-type": "application/json", "content-length": reply.length }).end(reply)
  })
})
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.({ baseUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}` })
})
process.on("message", () => process.send?.({ requests, cpu: process.cpuUsage() }))
process.on("disconnect", () => process.exit())
