import { Contacts, Conversations, Messages, Tickets } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import * as Laws from "./ModelLaws.ts"
import { at, isObject, type Json } from "./Wire.ts"

// As far as the vendor's pages could be read; what lies beyond is Chatwoot's.

const contact: Json = {
  additional_attributes: { city: "", company_name: "" },
  availability_status: "offline",
  email: "support@engagelab.com",
  id: 64464046,
  name: "support",
  phone_number: null,
  blocked: false,
  identifier: null,
  thumbnail: "",
  custom_attributes: {},
  created_at: 1766571703,
  contact_inboxes: []
}

const page: Json = { meta: { count: 2, current_page: "1" }, payload: [contact, { ...contact, id: 318763 }] }

const message: Json = {
  id: 3030,
  content: "Agent sending message, is it normal?",
  inbox_id: 79,
  conversation_id: 141,
  message_type: 1,
  content_type: "text",
  status: "sent",
  content_attributes: {},
  created_at: 1762331029,
  private: false,
  source_id: null,
  sorting_id: 4,
  sender: { id: 3, name: "Zhang San", type: "user" },
  attachments: [{ id: 1, file_type: "image", data_url: "https://example.com/a.png", file_size: 3 }]
}

const toggled: Json = {
  payload: { success: true, conversation_id: 40, current_status: "resolved", snoozed_until: null }
}

const ticket: Json = {
  ticket_id: "tk_20251104_789abc",
  title: "No invoice",
  description: "**None**",
  attachments: [{ file_url: "https://example.com/a.pdf" }],
  status: "open",
  priority: "high",
  ticket_type: "incident",
  requester: {
    euid: "contact_12345",
    name: "Alice",
    email: "alice@acme.inc",
    phone: null,
    channel_contacts: {
      channel_id: "inbox_100",
      contact_id: "-1001234567890",
      sub_contact_id: "23232323",
      followers: ["u_12345", "u_67890"]
    }
  },
  submitter: { id: "u_99999" },
  assignment_team: { id: 5, name: "IT Support" },
  custom_fields: { plan: "gold" },
  conversation_list: [
    {
      message_id: "msg_20251104_001",
      sender: { id: "u_1", type: "internal_member", name: "Bob" },
      content: "We look into it.",
      content_type: "text",
      attachments: [{ file_type: "image/jpeg", file_url: "https://example.com/b.jpg" }],
      sent_at: "2025-11-19T05:55:25Z",
      is_internal: false
    }
  ],
  status_changes: [{ to_status: "open" }]
}

const text = (json: Json | undefined): boolean => typeof json === "string"
const opaqueId = (json: Json | undefined): boolean =>
  (typeof json === "string" && json !== "") || (typeof json === "number" && Number.isSafeInteger(json))

Laws.tolerance("a page of contacts", {
  model: Contacts.ContactPage,
  sample: page,
  isUsable: (json) => {
    const contacts = at(json, ["payload"])
    return Array.isArray(contacts) && contacts.every((contact) => Laws.isId(at(contact, ["id"])))
  }
})

Laws.tolerance("a changed contact", {
  model: Contacts.endpoints.update.success,
  sample: { payload: contact },
  // Under `payload`, under `payload.contact`, under `data`, or bare.
  isUsable: (json) =>
    [["payload"], ["payload", "contact"], ["data"], []].some((path) => Laws.isId(at(json, [...path, "id"])))
})

Laws.tolerance("a message", {
  model: Messages.Message,
  sample: message,
  isUsable: (json) => Laws.isId(at(json, ["id"]))
})

Laws.tolerance("a changed state", {
  model: Conversations.endpoints.toggleStatus.success,
  sample: toggled,
  isUsable: (json) => [["payload"], ["data"], []].some((path) => text(at(json, [...path, "current_status"])))
})

Laws.tolerance("a ticket", {
  model: Tickets.endpoints.get.success,
  sample: { code: 0, message: "Success", data: ticket },
  isUsable: (json) => opaqueId(at(json, ["data", "ticket_id"]))
})

Laws.tolerance("a new ticket", {
  model: Tickets.endpoints.create.success,
  sample: { code: 0, message: "Success", data: { ticket_id: "tk_20251104_789abc" } },
  isUsable: (json) => [["data"], []].some((path) => opaqueId(at(json, [...path, "ticket_id"])))
})

Laws.tolerance("a changed ticket", {
  model: Tickets.endpoints.update.success,
  sample: { code: 0, message: "Success", data: { ticket_id: "tk_20251104_789abc" } },
  isUsable: () => true
})

describe("what the pages show in two ways", () => {
  it("of a page's number: text and a number", () => {
    for (const current of ["1", 1]) {
      const { meta } = Laws.mustRead(Contacts.ContactPage, { meta: { count: 0, current_page: current }, payload: [] })
      assert.strictEqual(meta.currentPage, 1)
      assert.isEmpty(Laws.drift(Contacts.ContactPage, { meta: { count: 0, current_page: current }, payload: [] }))
    }
  })

  it("of a ticket's followers and team: an object, and its text", () => {
    const read = (followers: Json, team: Json) => {
      const sample = { ticket_id: "tk_1", requester: { channel_contacts: { followers } }, assignment_team: team }
      const { assignmentTeam, requester } = Laws.mustRead(Tickets.Ticket, sample)
      return [requester.channelContacts.followers.map(({ id }) => id), Option.map(assignmentTeam, ({ name }) => name)]
    }
    assert.deepStrictEqual(read(["u_1"], "IT Support"), [["u_1"], Option.some("IT Support")])
    assert.deepStrictEqual(
      read([{ id: "u_1", name: "Zhang San" }], { id: 5, name: "IT Support" }),
      [["u_1"], Option.some("IT Support")]
    )
  })

  it("of a message's kind: the number, and the word", () => {
    for (
      const [wire, kind] of [[0, "incoming"], [1, "outgoing"], [2, "activity"], [3, "template"], [4, "4"]] as const
    ) {
      for (const message_type of [wire, kind]) {
        assert.strictEqual(Laws.mustRead(Messages.Message, { id: 1, message_type }).messageType, kind)
      }
    }
  })

  it("of times: seconds in messages, text in tickets", () => {
    const [sent] = Laws.mustRead(Tickets.Ticket, isObject(ticket) ? ticket : {}).conversationList
    assert.strictEqual(sent === undefined ? "" : DateTime.formatIso(sent.sentAt), "2025-11-19T05:55:25.000Z")
    const { createdAt } = Laws.mustRead(Messages.Message, message)
    assert.strictEqual(DateTime.formatIso(createdAt), "2025-11-05T08:23:49.000Z")
  })
})
