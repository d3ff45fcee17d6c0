import { Conversations, Model } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Option, Result, Schema, SchemaParser } from "effect"
import * as Breadth from "../Breadth.ts"
import * as Laws from "./ModelLaws.ts"
import * as Tolerance from "./Tolerance.ts"
import { below, change, fixture, type Path } from "./Wire.ts"

const sample = fixture("create-conversation")
const { Conversation } = Conversations

Laws.laws({
  model: Conversation,
  sample,
  shape: Laws.object({
    meta: Laws.object({
      sender: Laws.object({
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
      }),
      channel: Laws.text,
      assignee: Laws.optional(Laws.nullOr(Laws.attributes)),
      team: Laws.optional(Laws.nullOr(Laws.attributes)),
      hmac_verified: Laws.flag
    }),
    id: Laws.natural,
    messages: Laws.list(Laws.attributes),
    account_id: Laws.natural,
    uuid: Laws.text,
    inbox_id: Laws.natural,
    additional_attributes: Laws.attributes,
    agent_last_seen_at: Laws.moment,
    assignee_last_seen_at: Laws.moment,
    can_reply: Laws.flag,
    contact_last_seen_at: Laws.moment,
    custom_attributes: Laws.attributes,
    labels: Laws.list(Laws.text),
    muted: Laws.flag,
    snoozed_until: Laws.nullOr(Laws.either(Laws.moment, Laws.momentText)),
    status: Laws.oneOf("open", "resolved", "pending", "snoozed", "closed"),
    priority: Laws.oneOf(null, "low", "medium", "high", "urgent"),
    conversation_category: Laws.oneOf("chat"),
    chat_mode: Laws.oneOf("private_chat"),
    is_forum: Laws.flag,
    created_at: Laws.moment,
    updated_at: Laws.instant,
    timestamp: Laws.moment,
    first_reply_created_at: Laws.moment,
    unread_count: Laws.natural,
    last_non_activity_message: Laws.nullOr(Laws.attributes),
    last_activity_at: Laws.moment,
    waiting_since: Laws.moment,
    sla_policy_id: Laws.nullOr(Laws.natural),
    ticket_id: Laws.nullOr(Laws.text),
    over_limit: Laws.flag,
    content_preview: Laws.object({
      content: Laws.nullOr(Laws.text),
      message_type: Laws.oneOf(null, 0, 1, 2, 3, "incoming", "outgoing", "activity", "template"),
      created_at: Laws.nullOr(Laws.either(Laws.moment, Laws.momentText))
    }),
    platform: Laws.object({ channel_type: Laws.text, inbox_name: Laws.text, inbox_id: Laws.natural }),
    account_info: Laws.object({
      contact_name: Laws.text,
      contact_email: Laws.nullOr(Laws.text),
      contact_phone: Laws.nullOr(Laws.text),
      contact_id: Laws.natural,
      contact_avatar: Laws.text
    }),
    assignment: Laws.object({
      assignee_id: Laws.nullOr(Laws.natural),
      assignee_name: Laws.nullOr(Laws.text),
      assignee_email: Laws.nullOr(Laws.text),
      team_id: Laws.nullOr(Laws.natural),
      team_name: Laws.nullOr(Laws.text)
    })
  }),
  required: [
    { path: ["id"], readable: Laws.isId }
  ]
})

describe("the vendor's sample", () => {
  const moment = DateTime.makeUnsafe("2025-12-24T10:27:42Z")

  it.effect("decodes to what it says", () =>
    Effect.sync(() => {
      const value = {
        meta: {
          sender: {
            additionalAttributes: {},
            availabilityStatus: "offline",
            email: Option.none(),
            id: 2219256,
            name: Option.some("wjTest"),
            phoneNumber: Option.none(),
            blocked: false,
            identifier: Option.none(),
            thumbnail: Option.none(),
            customAttributes: {},
            lastActivityAt: Option.none(),
            createdAt: DateTime.makeUnsafe("2025-12-24T10:20:24Z")
          },
          channel: "Channel::Api",
          assignee: Option.none(),
          team: Option.none(),
          hmacVerified: false
        },
        id: 40,
        messages: [],
        accountId: 17623000010928,
        uuid: "660ce36f-46bb-4153-948c-8a26e6dab634",
        inboxId: 407,
        additionalAttributes: {},
        agentLastSeenAt: Option.none(),
        assigneeLastSeenAt: Option.none(),
        canReply: true,
        contactLastSeenAt: Option.none(),
        customAttributes: {},
        labels: [],
        muted: false,
        snoozedUntil: Option.none(),
        status: "open",
        priority: Option.none(),
        conversationCategory: "chat",
        chatMode: "private_chat",
        isForum: false,
        createdAt: moment,
        updatedAt: DateTime.fromEpochSeconds(1766572062.5803902),
        timestamp: moment,
        firstReplyCreatedAt: Option.none(),
        unreadCount: 0,
        lastNonActivityMessage: Option.none(),
        lastActivityAt: moment,
        waitingSince: Option.some(moment),
        slaPolicyId: Option.none(),
        ticketId: Option.none(),
        overLimit: false,
        contentPreview: { content: Option.none(), messageType: Option.none(), createdAt: Option.none() },
        platform: { channelType: "Channel::Api", inboxName: "JennyApi", inboxId: 407 },
        accountInfo: {
          contactName: "wjTest",
          contactEmail: Option.none(),
          contactPhone: Option.none(),
          contactId: 2219256,
          contactAvatar: Option.none()
        },
        assignment: {
          assigneeId: Option.none(),
          assigneeName: Option.none(),
          assigneeEmail: Option.none(),
          teamId: Option.none(),
          teamName: Option.none()
        }
      }
      assert.deepStrictEqual<unknown>(Laws.decode(Conversation, sample), { value })
    }))

  it.effect("keeps what updated_at says beyond the millisecond", () =>
    Effect.sync(() => {
      const { updatedAt } = Laws.mustRead(Conversation, sample)
      assert.strictEqual(DateTime.toEpochMillis(updatedAt), 1766572062580.3901)
    }))

  it.effect("is no drift", () =>
    Effect.sync(() => {
      assert.deepStrictEqual(Laws.drift(Conversation, sample), [])
    }))

  it.effect("encodes to the same text again, key by key", () =>
    Effect.sync(() => {
      assert.strictEqual(Laws.write(Conversation, Laws.mustRead(Conversation, sample)), JSON.stringify(sample))
    }))
})

describe("tolerance", () => {
  const reads = (
    path: Path,
    get: (conversation: Conversations.Conversation) => unknown,
    readings: Tolerance.Readings
  ) => Tolerance.reads(Conversation, sample, path, get, readings)

  reads(["id"], (_) => _.id, Tolerance.requiredIds)
  reads(["account_id"], (_) => _.accountId, Tolerance.ids)
  reads(["inbox_id"], (_) => _.inboxId, Tolerance.ids)
  reads(["unread_count"], (_) => _.unreadCount, Tolerance.ids)
  reads(["meta", "sender", "id"], (_) => _.meta.sender.id, Tolerance.ids)
  reads(["platform", "inbox_id"], (_) => _.platform.inboxId, Tolerance.ids)
  reads(["account_info", "contact_id"], (_) => _.accountInfo.contactId, Tolerance.ids)
  reads(["assignment", "assignee_id"], (_) => _.assignment.assigneeId, Tolerance.nullableIds)
  reads(["assignment", "team_id"], (_) => _.assignment.teamId, Tolerance.nullableIds)
  reads(["sla_policy_id"], (_) => _.slaPolicyId, Tolerance.nullableIds)
  reads(["ticket_id"], (_) => _.ticketId, Tolerance.opaqueIds)

  reads(["created_at"], (_) => _.createdAt, Tolerance.times)
  reads(["updated_at"], (_) => _.updatedAt, Tolerance.times)
  reads(["timestamp"], (_) => _.timestamp, Tolerance.times)
  reads(["last_activity_at"], (_) => _.lastActivityAt, Tolerance.times)
  reads(["meta", "sender", "created_at"], (_) => _.meta.sender.createdAt, Tolerance.times)
  reads(["agent_last_seen_at"], (_) => _.agentLastSeenAt, Tolerance.timesOrNever)
  reads(["assignee_last_seen_at"], (_) => _.assigneeLastSeenAt, Tolerance.timesOrNever)
  reads(["contact_last_seen_at"], (_) => _.contactLastSeenAt, Tolerance.timesOrNever)
  reads(["first_reply_created_at"], (_) => _.firstReplyCreatedAt, Tolerance.timesOrNever)
  reads(["waiting_since"], (_) => _.waitingSince, Tolerance.timesOrNever)
  reads(["snoozed_until"], (_) => _.snoozedUntil, Tolerance.timesOrNever)
  reads(["content_preview", "created_at"], (_) => _.contentPreview.createdAt, Tolerance.timesOrNever)

  reads(["can_reply"], (_) => _.canReply, Tolerance.flags)
  reads(["muted"], (_) => _.muted, Tolerance.flags)
  reads(["is_forum"], (_) => _.isForum, Tolerance.flags)
  reads(["over_limit"], (_) => _.overLimit, Tolerance.flags)
  reads(["meta", "hmac_verified"], (_) => _.meta.hmacVerified, Tolerance.flags)
  reads(["meta", "sender", "blocked"], (_) => _.meta.sender.blocked, Tolerance.flags)

  reads(["uuid"], (_) => _.uuid, Tolerance.texts)
  reads(["meta", "channel"], (_) => _.meta.channel, Tolerance.texts)
  reads(["platform", "channel_type"], (_) => _.platform.channelType, Tolerance.texts)
  reads(["platform", "inbox_name"], (_) => _.platform.inboxName, Tolerance.texts)
  reads(["account_info", "contact_name"], (_) => _.accountInfo.contactName, Tolerance.texts)
  reads(["account_info", "contact_email"], (_) => _.accountInfo.contactEmail, Tolerance.nullableTexts)
  reads(["account_info", "contact_phone"], (_) => _.accountInfo.contactPhone, Tolerance.nullableTexts)
  reads(["account_info", "contact_avatar"], (_) => _.accountInfo.contactAvatar, Tolerance.nullableTexts)
  reads(["assignment", "assignee_email"], (_) => _.assignment.assigneeEmail, Tolerance.nullableTexts)
  reads(["assignment", "assignee_name"], (_) => _.assignment.assigneeName, Tolerance.names)
  reads(["assignment", "team_name"], (_) => _.assignment.teamName, Tolerance.names)
  reads(["content_preview", "content"], (_) => _.contentPreview.content, Tolerance.names)
  reads(["meta", "sender", "name"], (_) => _.meta.sender.name, Tolerance.names)
  reads(["meta", "sender", "email"], (_) => _.meta.sender.email, Tolerance.nullableTexts)
  reads(["meta", "sender", "thumbnail"], (_) => _.meta.sender.thumbnail, Tolerance.nullableTexts)

  reads(["conversation_category"], (_) => _.conversationCategory, Tolerance.words(["chat"], ""))
  reads(["chat_mode"], (_) => _.chatMode, Tolerance.words(["private_chat"], ""))
  reads(["status"], (_) => _.status, Tolerance.words(["open", "resolved", "pending", "snoozed", "closed"], ""))
  reads(["priority"], (_) => _.priority, [
    ...["low", "medium", "high", "urgent", "normal"].map((word) => [word, Option.some(word)] as const),
    ...[undefined, null, "", 1, true, [], {}].map((wire) => [wire, Option.none()] as const)
  ])
  reads(["content_preview", "message_type"], (_) => _.contentPreview.messageType, [
    [0, Option.some("incoming")],
    [1, Option.some("outgoing")],
    [2, Option.some("activity")],
    [3, Option.some("template")],
    ...["incoming", "outgoing", "activity", "template", "sticker"].map((word) => [word, Option.some(word)] as const),
    [4, Option.some("4")],
    [-1, Option.some("-1")],
    ...[undefined, null, 0.5, true, [], {}].map((wire) => [wire, Option.none()] as const)
  ])

  reads(["additional_attributes"], (_) => _.additionalAttributes, Tolerance.attributes)
  reads(["custom_attributes"], (_) => _.customAttributes, Tolerance.attributes)
  reads(["meta", "sender", "additional_attributes"], (_) => _.meta.sender.additionalAttributes, Tolerance.attributes)
  reads(["meta", "sender", "custom_attributes"], (_) => _.meta.sender.customAttributes, Tolerance.attributes)
  reads(["last_non_activity_message"], (_) => _.lastNonActivityMessage, Tolerance.nullableObjects)
  reads(["meta", "assignee"], (_) => _.meta.assignee, Tolerance.nullableObjects)
  reads(["meta", "team"], (_) => _.meta.team, Tolerance.nullableObjects)
  reads(["messages"], (_) => _.messages, [
    [[{ id: 1, content: null }, null, "text", 5, [{}], {}], [{ id: 1, content: null }, {}]],
    ...[undefined, null, "", "[]", 5, {}, []].map((wire) => [wire, []] as const)
  ])
  reads(["labels"], (_) => _.labels, [
    [["vip", "", null, 5, {}, ["vip"], "beta"], ["vip", "", "beta"]],
    ...[undefined, null, "", "vip", 5, {}, []].map((wire) => [wire, []] as const)
  ])

  reads(
    ["content_preview"],
    (_) => _.contentPreview,
    [undefined, null, "", 5, [], {}].map((wire) =>
      [wire, { content: Option.none(), messageType: Option.none(), createdAt: Option.none() }] as const
    )
  )
  reads(
    ["platform"],
    (_) => _.platform,
    [undefined, null, "", 5, [], {}].map((wire) => [wire, { channelType: "", inboxName: "", inboxId: 0 }] as const)
  )
  reads(
    ["meta"],
    (_) => _.meta.sender.createdAt,
    [undefined, null, "", 5, [], {}].map((wire) => [wire, Tolerance.utc(0)] as const)
  )

  it.effect("refuses what is no conversation id, and says where", () =>
    Effect.sync(() => {
      for (const wire of Tolerance.noIds) {
        const json = change(sample, ["id"], wire)
        assert.deepStrictEqual(Laws.decode(Conversation, json), { issues: ["id"] }, JSON.stringify(wire))
      }
      for (const json of [null, "", 5, [sample], {}, { payload: sample }]) {
        assert.deepStrictEqual(Laws.decode(Conversation, json), { issues: ["id"] }, JSON.stringify(json))
      }
    }))

  it.effect("reads a conversation of which nothing came but its id", () =>
    Effect.sync(() => {
      const { id, inboxId, labels, status } = Laws.mustRead(Conversation, { id: 40 })
      assert.deepStrictEqual({ id, inboxId, labels, status }, { id: 40, inboxId: 0, labels: [], status: "" })
    }))

  it.effect("reads attributes with a number that JSON holds and JavaScript does not", () =>
    Effect.sync(() => {
      const json: unknown = JSON.parse(`{"id":40,"status":"open","custom_attributes":{"weight":1e400}}`)
      const read = Conversation.read(json)
      assert.notInstanceOf(read, Model.DecodeFailure)
      assert.deepStrictEqual<unknown>(
        Result.getOrUndefined(SchemaParser.decodeUnknownResult(Conversation)(json)),
        read
      )
    }))

  it.prop(
    "keeps every fraction of a second through encoding",
    { seconds: Arbitrary.all([below(2 ** 31), below(10 ** 7)]) },
    ({ seconds: [whole, fraction] }) => {
      const conversation = Laws.mustRead(Conversation, change(sample, ["updated_at"], whole + fraction / 10 ** 7))
      const again = Laws.mustRead(Conversation, Laws.encode(Conversation, conversation))
      assert.deepStrictEqual(again, conversation)
    },
    Breadth.runs(200)
  )

  it.prop(
    "reads every millisecond as itself, from seconds and from text, and again after encoding",
    { time: Arbitrary.all([below(2 ** 31), below(1000)]) },
    ({ time: [whole, millis] }) => {
      const moment = DateTime.makeUnsafe(whole * 1000 + millis)
      for (const wire of [(whole * 1000 + millis) / 1000, DateTime.formatIso(moment)]) {
        const conversation = Laws.mustRead(Conversation, change(sample, ["updated_at"], wire))
        assert.deepStrictEqual(conversation.updatedAt, moment)
        assert.deepStrictEqual(Laws.mustRead(Conversation, Laws.encode(Conversation, conversation)), conversation)
      }
    },
    Breadth.runs(200)
  )
})

describe("CreateConversation", () => {
  const encode = SchemaParser.encodeUnknownResult(Conversations.CreateConversation, Laws.strictly)
  const issues = (input: unknown) => Result.match(encode(input), { onFailure: Laws.issuesOf, onSuccess: () => [] })
  const paths = (input: unknown) => [...new Set(issues(input).map(({ path }) => path))]
  const write = (input: Conversations.CreateConversation) => Laws.write(Conversations.CreateConversation, input)

  it.effect("encodes to the vendor's keys, the sender by id, by source or by both", () =>
    Effect.sync(() => {
      assert.strictEqual(
        write({ inboxId: 407, contactId: 2219256, sourceId: "123456789" }),
        "{\"inbox_id\":407,\"contact_id\":2219256,\"source_id\":\"123456789\"}"
      )
      assert.strictEqual(write({ inboxId: 407, contactId: 2219256 }), "{\"inbox_id\":407,\"contact_id\":2219256}")
      assert.strictEqual(
        write({ inboxId: 407, sourceId: "123456789" }),
        "{\"inbox_id\":407,\"source_id\":\"123456789\"}"
      )
    }))

  it.effect("leaves out what is undefined", () =>
    Effect.sync(() => {
      assert.strictEqual(
        write({ inboxId: 407, contactId: 2219256, sourceId: undefined }),
        "{\"inbox_id\":407,\"contact_id\":2219256}"
      )
      assert.strictEqual(
        write({ inboxId: 407, contactId: undefined, sourceId: "123456789" }),
        "{\"inbox_id\":407,\"source_id\":\"123456789\"}"
      )
    }))

  it.effect("refuses an input that names no sender", () =>
    Effect.sync(() => {
      for (
        const input of [
          { inboxId: 407 },
          { inboxId: 407, contactId: undefined },
          { inboxId: 407, sourceId: undefined },
          { inboxId: 407, contactId: undefined, sourceId: undefined }
        ]
      ) {
        assert.deepStrictEqual(paths(input), ["contactId"])
      }
    }))

  it.effect("reports all faults at once, by its own names and without its values", () =>
    Effect.sync(() => {
      const secret = "s3cr3t-value"
      const senderless = { inboxId: secret, contact_id: 2219256, nickname: secret }
      assert.sameMembers(paths(senderless), ["inboxId", "contact_id", "nickname", "contactId"])
      const garbled = { inboxId: -407.5, contactId: secret, sourceId: { secret }, nickname: secret }
      assert.sameMembers(paths(garbled), ["inboxId", "contactId", "sourceId", "nickname"])
      for (const { message } of [...issues(senderless), ...issues(garbled)]) {
        assert.notInclude(message, secret)
        assert.notInclude(message, "407")
        assert.notInclude(message, "2219256")
      }
    }))

  it.effect("refuses what is no input at all", () =>
    Effect.sync(() => {
      for (const input of [undefined, null, 407, "407", [407]]) {
        assert.deepStrictEqual(paths(input), [""], String(input))
      }
    }))

  const anId = Schema.Natural.check(Schema.isGreaterThan(0))
  const inboxId = Arbitrary.schema(anId)
  const contactId = Arbitrary.schema(anId)

  const sourceId = Arbitrary.schema(Schema.NonEmptyString)
  const inputs: Arbitrary.Arbitrary<Conversations.CreateConversation> = Arbitrary.all([
    below(3),
    inboxId,
    contactId,
    sourceId
  ]).pipe(
    Arbitrary.map(([kind, inboxId, contactId, sourceId]) =>
      kind === 0 ? { inboxId, contactId } : kind === 1 ? { inboxId, sourceId } : { inboxId, contactId, sourceId }
    )
  )

  it.prop("encodes and decodes back to itself", { input: inputs }, ({ input }) => {
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(Schema.fromJsonString(Conversations.CreateConversation))(write(input)),
      input
    )
  }, Breadth.runs(100))
})
