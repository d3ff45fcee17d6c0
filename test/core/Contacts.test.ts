import { Contacts } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Layer, Option, Result, Schema, SchemaParser } from "effect"
import { vi } from "vitest"
import * as Breadth from "../Breadth.ts"
import * as Laws from "./ModelLaws.ts"
import * as Tolerance from "./Tolerance.ts"
import { at, change, fixture, type Json, type Path } from "./Wire.ts"

const sample = fixture("create-contact")
const { CreatedContact } = Contacts

const contactKeys = {
  additional_attributes: Laws.attributes,
  availability_status: Laws.oneOf("offline", "online"),
  email: Laws.nullOr(Laws.text),
  id: Laws.natural,
  name: Laws.nullOr(Laws.text),
  phone_number: Laws.nullOr(Laws.text),
  blocked: Laws.flag,
  identifier: Laws.nullOr(Laws.text),
  thumbnail: Laws.text,
  custom_attributes: Laws.attributes,
  last_activity_at: Laws.optional(Laws.moment),
  created_at: Laws.moment
}

const inbox = Laws.open({
  id: Laws.natural,
  account_id: Laws.optional(Laws.nullOr(Laws.natural)),
  name: Laws.optional(Laws.nullOr(Laws.text)),
  channel_id: Laws.optional(Laws.nullOr(Laws.natural)),
  channel_type: Laws.optional(Laws.nullOr(Laws.text)),
  avatar_url: Laws.optional(Laws.nullOr(Laws.text)),
  provider: Laws.optional(Laws.nullOr(Laws.text))
})

const contactInbox = Laws.object({ inbox: Laws.nullOr(inbox), source_id: Laws.nullOr(Laws.text) })

Laws.laws({
  model: CreatedContact,
  sample,
  shape: Laws.object({
    payload: Laws.object({
      contact: Laws.object({ ...contactKeys, contact_inboxes: Laws.list(contactInbox) }),
      contact_inbox: contactInbox
    })
  }),
  required: [{ path: ["payload", "contact", "id"], readable: Laws.isId }],
  toCurrent: (json) =>
    at(json, ["payload"]) !== undefined
      ? json
      : { payload: at(json, ["contact"]) === undefined ? { contact: json } : json }
})

describe("the vendor's sample", () => {
  it.effect("decodes to what it says", () =>
    Effect.sync(() => {
      const value = {
        contact: {
          additionalAttributes: {},
          availabilityStatus: "offline",
          email: Option.none(),
          id: 2219259,
          name: Option.some("Test"),
          phoneNumber: Option.none(),
          blocked: false,
          identifier: Option.none(),
          thumbnail: Option.none(),
          customAttributes: {},
          lastActivityAt: Option.none(),
          createdAt: DateTime.makeUnsafe("2025-12-24T10:21:43Z"),
          contactInboxes: []
        },
        contactInbox: { inbox: Option.none(), sourceId: Option.none() }
      }
      assert.deepStrictEqual<unknown>(Laws.decode(CreatedContact, sample), { value })
    }))

  it.effect("is no drift", () =>
    Effect.sync(() => {
      assert.deepStrictEqual(Laws.drift(CreatedContact, sample), [])
    }))

  it.effect("encodes to the same text again, key by key", () =>
    Effect.sync(() => {
      assert.strictEqual(Laws.write(CreatedContact, Laws.mustRead(CreatedContact, sample)), JSON.stringify(sample))
    }))
})

describe("tolerance", () => {
  const reads = (path: Path, get: (created: Contacts.CreatedContact) => unknown, readings: Tolerance.Readings) =>
    Tolerance.reads(CreatedContact, sample, ["payload", ...path], get, readings)

  reads(["contact", "id"], ({ contact }) => contact.id, Tolerance.requiredIds)
  reads(["contact", "additional_attributes"], (_) => _.contact.additionalAttributes, Tolerance.attributes)
  reads(["contact", "custom_attributes"], (_) => _.contact.customAttributes, Tolerance.attributes)
  reads(
    ["contact", "availability_status"],
    ({ contact }) => contact.availabilityStatus,
    Tolerance.words(["offline", "online"], "offline")
  )
  reads(["contact", "email"], ({ contact }) => contact.email, Tolerance.nullableTexts)
  reads(["contact", "phone_number"], ({ contact }) => contact.phoneNumber, Tolerance.nullableTexts)
  reads(["contact", "identifier"], ({ contact }) => contact.identifier, Tolerance.nullableTexts)
  reads(["contact", "name"], ({ contact }) => contact.name, Tolerance.names)
  reads(["contact", "thumbnail"], ({ contact }) => contact.thumbnail, Tolerance.nullableTexts)
  reads(["contact", "blocked"], ({ contact }) => contact.blocked, Tolerance.flags)
  reads(["contact", "created_at"], ({ contact }) => contact.createdAt, Tolerance.times)
  reads(["contact", "last_activity_at"], ({ contact }) => contact.lastActivityAt, Tolerance.timesOrNever)
  reads(["contact_inbox", "source_id"], ({ contactInbox }) => contactInbox.sourceId, Tolerance.opaqueIds)

  const noInbox = { inbox: Option.none(), sourceId: Option.none() }
  const bareInbox = {
    id: 407,
    accountId: Option.none(),
    name: Option.none(),
    channelId: Option.none(),
    channelType: Option.none(),
    avatarUrl: Option.none(),
    provider: Option.none()
  }
  // What Chatwoot returns: the inbox's whole row.
  const row = {
    id: 407,
    channel_id: 12,
    account_id: 17623000010928,
    name: "JennyApi",
    created_at: "2025-11-04T08:00:00.000Z",
    updated_at: "2025-12-24T10:21:43.120Z",
    channel_type: "Channel::Api",
    enable_auto_assignment: true,
    greeting_enabled: false,
    greeting_message: null,
    email_address: null,
    working_hours_enabled: false,
    out_of_office_message: null,
    timezone: "UTC",
    csat_survey_enabled: false,
    csat_config: {},
    allow_messages_after_resolved: true,
    auto_assignment_config: {},
    lock_to_single_conversation: false,
    portal_id: null,
    sender_name_type: "friendly",
    business_name: null
  }
  const rowInbox = {
    ...bareInbox,
    accountId: Option.some(17623000010928),
    name: Option.some("JennyApi"),
    channelId: Option.some(12),
    channelType: Option.some("Channel::Api")
  }

  reads(["contact_inbox"], ({ contactInbox }) => contactInbox, [
    ...[undefined, null, "", "Channel::Api", 5, true, [], [407], {}, { inbox: null, source_id: null }].map((wire) =>
      [wire, noInbox] as const
    ),
    [{ inbox: row, source_id: "b7a9" }, { inbox: Option.some(rowInbox), sourceId: Option.some("b7a9") }],
    [{ inbox: { id: "407" }, source_id: "" }, { inbox: Option.some(bareInbox), sourceId: Option.none() }]
  ])
  reads(["contact_inbox", "inbox"], ({ contactInbox }) => contactInbox.inbox, [
    ...[undefined, null, "", "Channel::Api", 407, [], {}, { id: null }, { id: "x" }, { ...row, id: -1 }].map((wire) =>
      [wire, Option.none()] as const
    ),
    [row, Option.some(rowInbox)],
    [{ id: 407, name: 5, channel_id: "x", provider: "", avatar_url: [] }, Option.some(bareInbox)],
    [
      { id: 407, name: "", channel_id: "12" },
      Option.some({
        ...bareInbox,
        name: Option.some(""),
        channelId: Option.some(12)
      })
    ]
  ])
  reads(["contact", "contact_inboxes"], ({ contact }) => contact.contactInboxes, [
    ...[undefined, null, "", 5, {}, []].map((wire) => [wire, []] as const),
    [[{ source_id: "b7a9", inbox: row }, { source_id: null, inbox: null }], [
      { inbox: Option.some(rowInbox), sourceId: Option.some("b7a9") },
      noInbox
    ]]
  ])

  it.effect("takes an inbox's whole row for no drift", () =>
    Effect.sync(() => {
      const tie: Json = { inbox: row, source_id: "b7a9" }
      const json = change(
        change(sample, ["payload", "contact_inbox"], tie),
        ["payload", "contact", "contact_inboxes"],
        [
          tie
        ]
      )
      assert.deepStrictEqual(Laws.drift(CreatedContact, json), [])
    }))

  it.effect("refuses what is no contact id, and says where", () =>
    Effect.sync(() => {
      for (const wire of Tolerance.noIds) {
        const json = change(sample, ["payload", "contact", "id"], wire)
        assert.deepStrictEqual(
          Laws.decode(CreatedContact, json),
          { issues: ["payload.contact.id"] },
          JSON.stringify(wire)
        )
      }
    }))

  it.effect("reads a response in Chatwoot's older shapes, which is drift", () =>
    Effect.sync(() => {
      const contact = { id: 7, name: "Ada", email: "ada@acme.inc" }
      const shapes = [{ contact, contact_inbox: { source_id: "s-1" } }, { contact }, contact]
      for (const json of shapes) {
        const value = Laws.mustRead(CreatedContact, json)
        assert.deepStrictEqual([value.contact.id, value.contact.email], [7, Option.some("ada@acme.inc")])
        assert.deepStrictEqual(value.contactInbox.sourceId, json === shapes[0] ? Option.some("s-1") : Option.none())
        assert.isFalse(Schema.is(CreatedContact.documented())(json), "no drift")
      }
      for (const json of [{ id: "x" }, { contact: { name: "Ada" } }, { error: "no" }, []]) {
        assert.deepStrictEqual(Laws.decode(CreatedContact, json), { issues: ["payload.contact.id"] })
      }
    }))

  it.effect("reads a time without an offset as UTC, wherever the machine stands", () =>
    Effect.sync(() => {
      const text = "2025-12-24T10:21:43"
      vi.stubEnv("TZ", "Asia/Kolkata")
      try {
        assert.notStrictEqual(Date.parse(text), Date.parse(`${text}Z`))
        const { contact } = Laws.mustRead(CreatedContact, change(sample, ["payload", "contact", "created_at"], text))
        assert.strictEqual(DateTime.formatIso(contact.createdAt), "2025-12-24T10:21:43.000Z")
      } finally {
        vi.unstubAllEnvs()
      }
    }))

  it.effect("writes an id that came as text as a number, and a word that nobody knows as it came", () =>
    Effect.sync(() => {
      const came = change(
        change(sample, ["payload", "contact", "id"], "2219259"),
        ["payload", "contact", "availability_status"],
        "away"
      )
      assert.deepStrictEqual(
        Laws.encode(CreatedContact, Laws.mustRead(CreatedContact, came)),
        change(sample, ["payload", "contact", "availability_status"], "away")
      )
      assert.deepStrictEqual(Laws.drift(CreatedContact, came), [
        "payload.contact.availability_status",
        "payload.contact.id"
      ])
    }))
})

describe("CreateContact", () => {
  const encode = SchemaParser.encodeUnknownResult(Contacts.CreateContact, Laws.strictly)
  const issues = (input: unknown) => Result.match(encode(input), { onFailure: Laws.issuesOf, onSuccess: () => [] })
  const paths = (input: unknown) => [...new Set(issues(input).map(({ path }) => path))]

  it.effect("encodes to the vendor's keys", () =>
    Effect.sync(() => {
      const input: Contacts.CreateContact = {
        inboxId: 407,
        name: "Test",
        email: "alice@acme.inc",
        phoneNumber: "+123456789",
        avatarUrl: "https://example.com/avatar.png",
        identifier: "1234567890"
      }
      assert.strictEqual(
        Laws.write(Contacts.CreateContact, input),
        JSON.stringify({
          inbox_id: 407,
          name: "Test",
          email: "alice@acme.inc",
          phone_number: "+123456789",
          avatar_url: "https://example.com/avatar.png",
          identifier: "1234567890"
        })
      )
    }))

  it.effect("leaves out what is undefined", () =>
    Effect.sync(() => {
      const input: Contacts.CreateContact = { inboxId: 407, name: undefined, email: undefined, avatarUrl: undefined }
      assert.strictEqual(Laws.write(Contacts.CreateContact, input), "{\"inbox_id\":407}")
    }))

  it.effect("reports all faults at once, by its own names and without its values", () =>
    Effect.sync(() => {
      const secret = "s3cr3t-value"
      const input = {
        inboxId: secret,
        name: { secret },
        email: [secret],
        phoneNumber: 4915112345678,
        avatarUrl: null,
        identifier: false,
        inbox_id: secret,
        nickname: secret
      }
      assert.sameMembers(paths(input), [
        "inboxId",
        "name",
        "email",
        "phoneNumber",
        "avatarUrl",
        "identifier",
        "inbox_id",
        "nickname"
      ])
      for (const { message } of issues(input)) {
        assert.notInclude(message, secret)
        assert.notInclude(message, "4915112345678")
      }
    }))

  it.effect("refuses what is no inbox id", () =>
    Effect.sync(() => {
      for (const inboxId of [undefined, null, "407", 407.5, -407, 0, Number.NaN, Infinity, 2 ** 53, {}, [407]]) {
        assert.deepStrictEqual(paths({ inboxId }), ["inboxId"], JSON.stringify(inboxId))
      }
      assert.deepStrictEqual(paths({}), ["inboxId"])
      assert.deepStrictEqual(paths(null), [""])
    }))

  const text = Schema.optional(Schema.String)
  const anyInput: Schema.Codec<Contacts.CreateContact> = Schema.Struct({
    inboxId: Schema.Natural.check(Schema.isGreaterThan(0)),
    name: text,
    email: text,
    phoneNumber: text,
    avatarUrl: text,
    identifier: text
  })

  it.prop("encodes and decodes back to itself", { input: Arbitrary.schema(anyInput) }, ({ input }) => {
    const encoded = Schema.encodeSync(Contacts.CreateContact)(input)
    assert.deepStrictEqual(Schema.decodeSync(Contacts.CreateContact)(encoded), input)
    const { inboxId, ...optional } = input
    const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(Schema.fromJsonString(Contacts.CreateContact))(JSON.stringify(encoded)),
      { inboxId, ...given }
    )
  }, Breadth.runs(100))
})

describe("Layer.mock", () => {
  const created = Laws.mustRead(CreatedContact, sample)

  it.effect("stands in for the service", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const { contact } = yield* contacts.create({ inboxId: 407, name: "Test" })
      assert.strictEqual(contact.id, created.contact.id)
    }).pipe(Effect.provide(Layer.mock(Contacts.Contacts, { create: () => Effect.succeed(created) }))))
})
