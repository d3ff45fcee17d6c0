import { LiveDesk, LiveDeskClient } from "@effect-livedesk/core"
import { ImportJournal, ImportMapping } from "@effect-livedesk/core/imports"
import { Emulator } from "@effect-livedesk/core/testing"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, HashMap, Layer, Option, Random, Stream } from "effect"
import { HttpClient } from "effect/http"
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Breadth from "../Breadth.ts"
import * as Folder from "../Folder.ts"

/** A row of the file, whose message says for whom it is. */
interface Row {
  readonly identifier: string
  readonly email: string
  readonly phone: string
}

const mapping = ImportMapping.forColumns({ columns: { message: "message" } })

const message = ({ email, identifier, phone }: Row) => `For ${identifier}|${email}|${phone}`

const fileOf = (rows: ReadonlyArray<Row>) =>
  [
    "identifier,email,phone_number,message",
    ...rows.map((row) => [row.identifier, row.email, row.phone, message(row)].join(","))
  ].join("\n")

const key = ({ email, identifier, phone }: Row) =>
  identifier !== "" ? `identifier:${identifier}` : email !== "" ? `email:${email}` : `phone:${phone}`

/** A customer that is in no file yet. */
const customer = (number: number): Row => {
  const [identifier, email, phone] = [`C-${number}`, `c${number}@acme.inc`, `+4915100${10_000 + number}`]
  switch (number % 5) {
    case 0:
      return { identifier, email: "", phone }
    case 1:
      return { identifier, email, phone: "" }
    case 2:
      return { identifier: "", email, phone: "" }
    case 3:
      return { identifier: "", email: "", phone }
    default:
      return { identifier: "", email, phone }
  }
}

/** Removes, corrects, adds and reorders rows; now and then two of them share an address. */
const edited = Effect.fnUntraced(function*(rows: ReadonlyArray<Row>, next: () => number) {
  const left: Array<Row> = []
  for (const row of rows) {
    const chance = yield* Random.nextIntBetween(0, 20)
    const number = next()
    if (chance < 4) continue
    if (chance === 4 && row.email !== "") left.push({ ...row, email: `new${number}@acme.inc` })
    else if (chance === 5 && row.phone !== "") left.push({ ...row, phone: `+4915200${10_000 + number}` })
    else if (chance === 6 && row.phone !== "") {
      left.push(row, { identifier: "", email: `x${number}@acme.inc`, phone: row.phone })
    } else if (chance === 7) {
      left.push(row, { ...customer(number), phone: "", identifier: `X-${number}`, email: row.email })
    } else left.push(row)
  }
  const added = Array.from({ length: yield* Random.nextIntBetween(0, 5) }, () => customer(next()))
  return yield* Random.shuffle([...left, ...added])
})

/** What LiveDesk holds. */
const held = Effect.map(Effect.flatMap(Emulator.Emulator, ({ state }) => state), (state) => ({
  contacts: [...HashMap.values(state.contacts)],
  conversations: [...HashMap.values(state.conversations)],
  messages: [...HashMap.values(state.messages)]
}))

type Held = Effect.Success<typeof held>

/** The contact in whose conversation a message is. */
const contactOf = ({ contacts, conversations }: Held, conversationId: number) => {
  const conversation = conversations.find(({ id }) => id === conversationId)
  return contacts.find(({ id }) => id === conversation?.contactId)
}

/** What a run did is for rows of its file alone, and each message is where it belongs, and the only one. */
const checkRun = (rows: ReadonlyArray<Row>, before: Held, after: Held, story: string) => {
  const old = new Set<number>([...before.contacts, ...before.conversations, ...before.messages].map(({ id }) => id))
  const texts = new Set(rows.map(message))
  const has = (value: Option.Option<string>, wanted: string) =>
    wanted === "" || Option.getOrElse(value, () => "") === wanted
  const isRowOf = (contact: Held["contacts"][number] | undefined) => (row: Row) =>
    contact !== undefined && has(contact.identifier, row.identifier) && has(contact.email, row.email) &&
    has(contact.phoneNumber, row.phone)
  for (const contact of after.contacts) {
    if (!old.has(contact.id)) assert.isTrue(rows.some(isRowOf(contact)), `a contact of no row: ${story}`)
  }
  for (const { contactId, id } of after.conversations) {
    const contact = after.contacts.find(({ id }) => id === contactId)
    if (!old.has(id)) assert.isTrue(rows.some(isRowOf(contact)), `a conversation of no row: ${story}`)
  }
  const written = new Set<number>()
  for (const { content, conversationId, id } of after.messages) {
    const text = Option.getOrElse(content, () => "")
    if (!old.has(id)) assert.isTrue(texts.has(text), `${text}, which no row has: ${story}`)
    const contact = contactOf(after, conversationId)
    const [identifier = "", email = "", phone = ""] = text.slice("For ".length).split("|")
    assert.isTrue(isRowOf(contact)({ identifier, email, phone }), `${text}, in another's conversation: ${story}`)
    assert.isFalse(written.has(contact?.id ?? 0), `${text}, the second to its contact: ${story}`)
    written.add(contact?.id ?? 0)
  }
}

/** A person looks in LiveDesk, and says which of the unknown rows were done. */
const resolveAll = Effect.fnUntraced(function*(file: string) {
  const state = yield* held
  yield* Effect.gen(function*() {
    const journal = yield* ImportJournal.ImportJournal
    for (const { contactId, conversationId, key, step } of yield* Stream.runCollect(journal.entries("sent"))) {
      if (step === "contact") continue
      const ofContact = state.conversations.filter((one) => one.contactId === Option.getOrUndefined(contactId))
      const made = step === "conversation"
        ? ofContact[0]
        : state.messages.find((one) => one.conversationId === Option.getOrUndefined(conversationId))
      yield* journal.resolve(
        key,
        made === undefined
          ? { _tag: "NotProcessed" }
          : { _tag: "Processed", [step === "conversation" ? "conversationId" : "messageId"]: made.id }
      )
    }
  }).pipe(Effect.provide(NodeImport.journalLayer(`${file}.journal`)))
})

interface Crash {
  /** Copies the journal as it is on the disk, after which nothing of the run has any effect. */
  readonly now: Effect.Effect<never>
  readonly hasCome: () => boolean
  readonly come: Deferred.Deferred<void>
}

const makeCrash = (file: string, target: string) =>
  Effect.map(Deferred.make<void>(), (come): Crash => {
    let hasCome = false
    return {
      come,
      hasCome: () => hasCome,
      now: Effect.suspend(() => {
        if (!hasCome) {
          for (const end of ["", "-wal"]) {
            if (existsSync(`${file}.journal${end}`)) copyFileSync(`${file}.journal${end}`, `${target}.journal${end}`)
          }
          hasCome = true
        }
        return Effect.andThen(Deferred.succeed(come, undefined), Effect.die("crashed"))
      })
    }
  })

/** A client of the emulator whose process crashes at one of its requests, before or after LiveDesk processes it. */
const livedesk = Effect.fnUntraced(function*(
  crash: Crash,
  at: number,
  options: Partial<LiveDeskClient.Options> = {}
) {
  const { credentials } = yield* Emulator.Emulator
  const random = yield* Effect.service(Random.Random)
  let count = 0
  const turns = Effect.suspend(() =>
    Effect.forEach(Array.from({ length: Math.floor(random.nextDoubleUnsafe() * 4) }), () => Effect.yieldNow, {
      discard: true
    })
  )
  const transformClient = (client: HttpClient.HttpClient) =>
    HttpClient.transform(client, (effect) =>
      Effect.suspend(() => {
        if (crash.hasCome()) return Effect.die("crashed")
        const isLast = ++count === at
        const isBefore = random.nextDoubleUnsafe() < 0.5
        return turns.pipe(
          Effect.andThen(isLast && isBefore ? crash.now : Effect.void),
          Effect.andThen(Effect.suspend(() => crash.hasCome() ? Effect.die("crashed") : effect)),
          Effect.tap(() => isLast ? crash.now : turns),
          Effect.tap(() => crash.hasCome() ? Effect.die("crashed") : Effect.void)
        )
      }))
  return Layer.provideMerge(
    LiveDesk.layer,
    LiveDeskClient.layer({ ...credentials, baseUrl: "https://one.example", ...options, transformClient })
  )
})

const schedule = Effect.fnUntraced(function*(seed: number, folder: string) {
  let number = 0
  let folders = 0
  const next = () => number++
  const place = () => {
    const path = join(folder, String(folders++))
    mkdirSync(path)
    return join(path, "customers.csv")
  }
  let rows: ReadonlyArray<Row> = Array.from({ length: 12 }, () => customer(next()))
  let file = place()
  const story: Array<string> = []
  const run = (at: number, target: string, options?: Partial<LiveDeskClient.Options>) =>
    Effect.gen(function*() {
      const crash = yield* makeCrash(file, target)
      const lookup = (yield* Random.nextBoolean) ? "first" : "onConflict"
      const running = yield* NodeImport.run({ file, inboxId: 407, mapping, lookup, reconcileAfter: 0, concurrency: 8 })
        .pipe(
          Effect.provide(yield* livedesk(crash, at, options)),
          Effect.forkChild
        )
      const exit = yield* Fiber.await(running)
      return crash.hasCome() ? undefined : yield* exit
    })

  for (let life = 0; life < 3; life++) {
    writeFileSync(file, fileOf(rows))
    const before = yield* held
    const at = life === 2 ? Infinity : yield* Random.nextIntBetween(1, 60)
    const target = place()
    const progress = yield* run(at, target)
    story.push(`${rows.length} rows, ${progress === undefined ? `killed at request ${at}` : JSON.stringify(progress)}`)
    const after = yield* held
    checkRun(rows, before, after, `seed ${seed}: ${story.join("; ")}`)
    if (progress === undefined) {
      file = target
      if (yield* Random.nextBoolean) {
        // Its second file is left behind, and is fetched then.
        const moved = place()
        copyFileSync(`${file}.journal`, `${moved}.journal`)
        writeFileSync(moved, fileOf(rows))
        const behind = file
        file = moved
        const error = yield* Effect.flip(run(Infinity, place()))
        assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "Incomplete", story.join("; "))
        copyFileSync(`${behind}.journal-wal`, `${moved}.journal-wal`)
        story.push("moved")
      }
    } else if (yield* Random.nextBoolean) {
      renameSync(`${file}.journal`, `${target}.journal`)
      file = target
      story.push("moved")
    }
    if ((yield* Random.nextIntBetween(0, 4)) === 0) {
      writeFileSync(file, fileOf(rows))
      const error = yield* Effect.flip(run(Infinity, place(), { baseUrl: "https://two.example" }))
      assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "OtherImport", story.join("; "))
      assert.deepStrictEqual(yield* held, after)
      story.push("another server")
    }
    if (yield* Random.nextBoolean) yield* resolveAll(file)
    if (life < 2) rows = yield* edited(rows, next)
  }
  // Once more with the same file: whatever is not refused is done, and nothing is done twice.
  yield* resolveAll(file)
  const before = yield* held
  writeFileSync(file, fileOf(rows))
  yield* run(Infinity, place())
  const after = yield* held
  checkRun(rows, before, after, `seed ${seed}: ${story.join("; ")}`)
  yield* Effect.gen(function*() {
    const journal = yield* ImportJournal.ImportJournal
    const refused = new Set([
      ...(yield* Stream.runCollect(journal.entries("rejected"))).map(({ key }) => key),
      ...(yield* Stream.runCollect(journal.rejects)).flatMap(({ row }) => {
        const { email, identifier, phone_number: phone } = JSON.parse(row)
        return [key({ identifier, email, phone })]
      })
    ])
    const done = new Set((yield* Stream.runCollect(journal.entries("done"))).map(({ key }) => key))
    for (const row of rows) {
      assert.isTrue(
        done.has(key(row)) || refused.has(key(row)),
        `${key(row)} is lost, seed ${seed}: ${story.join("; ")}`
      )
    }
  }).pipe(Effect.provide(NodeImport.journalLayer(`${file}.journal`)))
  return dirname(file)
})

const campaign = "import: edits between kills"

it.live(
  "an import whose file, journal and server change between kills writes to each customer of its file once",
  () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      yield* Effect.forEach(Breadth.cases(campaign), (seed) => {
        const own = join(folder, String(seed))
        mkdirSync(own)
        return Random.withSeed(schedule(seed, own), seed).pipe(
          Effect.provide(Layer.fresh(Emulator.layerHttpClient)),
          Effect.scoped
        )
      }, { concurrency: 4, discard: true })
    }).pipe(Effect.scoped),
  Breadth.timeout(campaign)
)
