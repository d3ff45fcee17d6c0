/**
 * The tables of an import's journal in SQLite, and the statements on them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import type * as SqlClient from "effect/sql/SqlClient"
import * as SqlRows from "./SqlRows.ts"
import * as TextHash from "./TextHash.ts"

/** The version of these tables. A journal of another is refused: what it says would be misread. */
export const version = 2

/** What the database holds: nothing yet, a journal, and of which version, or something else. */
export const contents = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const tables = yield* sql<{ readonly name: string }>`
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
  `
  if (tables.length === 0) return { _tag: "Empty" } as const
  if (!tables.some(({ name }) => name === "import_row")) return { _tag: "Other" } as const
  if (!tables.some(({ name }) => name === "import_format")) return { _tag: "Journal", version: 0 } as const
  const [format] = yield* sql<{ readonly version: number }>`SELECT version FROM import_format`
  return { _tag: "Journal", version: format?.version ?? 0 } as const
})

/** Makes the tables, in one transaction. */
export const createTables = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  yield* sql`CREATE TABLE import_format (version INTEGER NOT NULL)`
  yield* sql`INSERT INTO import_format (version) VALUES (${version})`
  yield* sql`
    CREATE TABLE import (
      id INTEGER PRIMARY KEY,
      inbox_id INTEGER NOT NULL,
      base_url TEXT NOT NULL,
      account_id INTEGER,
      key_fingerprint TEXT NOT NULL,
      latest_fingerprint TEXT NOT NULL,
      run INTEGER NOT NULL
    )
  `
  yield* sql`
    CREATE TABLE import_row (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      customer TEXT NOT NULL,
      addresses TEXT NOT NULL,
      line INTEGER NOT NULL,
      run INTEGER NOT NULL,
      taken_run INTEGER NOT NULL DEFAULT 0,
      state TEXT NOT NULL,
      step TEXT NOT NULL,
      row TEXT,
      row_hash TEXT NOT NULL,
      contact_id INTEGER,
      source_id TEXT,
      existing INTEGER,
      conversation_id INTEGER,
      message_id INTEGER,
      digest INTEGER,
      reasons TEXT NOT NULL
    )
  `
  yield* sql`
    CREATE TABLE import_reject (
      id INTEGER PRIMARY KEY,
      line INTEGER NOT NULL,
      reasons TEXT NOT NULL,
      row TEXT NOT NULL
    )
  `
  yield* sql`CREATE INDEX import_row_rejected ON import_row (line) WHERE state = 'rejected'`
  yield* sql`CREATE INDEX import_reject_line ON import_reject (line)`
  yield* sql`CREATE TABLE import_report (stamp TEXT PRIMARY KEY) WITHOUT ROWID`
  // The row that an identifier, an e-mail address or a phone number belongs to, and the customer that a contact is.
  yield* sql`CREATE TABLE import_address (address TEXT PRIMARY KEY, key TEXT NOT NULL, run INTEGER NOT NULL) WITHOUT ROWID`
  yield* sql`CREATE TABLE import_contact (contact_id INTEGER PRIMARY KEY, customer TEXT NOT NULL, key TEXT NOT NULL)`
})

const entryColumns =
  "key, addresses, run = (SELECT run FROM import) AS isInFile, line, state, step, row, contact_id AS contactId, source_id AS sourceId, existing, " +
  "conversation_id AS conversationId, message_id AS messageId, digest, reasons"

/** What the table knows of a row, as only this module has written it. */
export interface EntryRow {
  readonly key: string
  /** As JSON. */
  readonly addresses: string
  readonly isInFile: 0 | 1
  readonly line: number
  readonly state: "planned" | "sent" | "done" | "rejected"
  readonly step: "contact" | "conversation" | "message"
  readonly row: string | null
  readonly contactId: number | null
  readonly sourceId: string | null
  readonly existing: 0 | 1 | null
  readonly conversationId: number | null
  readonly messageId: number | null
  readonly digest: number | null
  readonly reasons: string
}

/** Where a row stands among the others. */
export interface Place {
  readonly id: number
}

/** How many rows `entries` and `rejects` return at most. */
export const pageSize = 1000

/** Where the rows of a journal are imported to. */
export interface TargetRow {
  readonly inboxId: number
  readonly baseUrl: string
  readonly keyFingerprint: string
}

/** The import that the journal is of, and its latest run; none before the first. */
export const latestRun = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<TargetRow & { readonly latestFingerprint: string; readonly accountId: number | null; readonly run: number }>`
      SELECT inbox_id AS inboxId, base_url AS baseUrl, account_id AS accountId, key_fingerprint AS keyFingerprint,
        latest_fingerprint AS latestFingerprint, run
      FROM import
    `,
    ([latest]) => latest
  )

/** Begins a run. The key counts as the import's own once the account is known. */
export const begin = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, target: TargetRow, run: number) {
  const { baseUrl, inboxId, keyFingerprint } = target
  yield* sql`
    INSERT INTO import (id, inbox_id, base_url, key_fingerprint, latest_fingerprint, run)
    VALUES (1, ${inboxId}, ${baseUrl}, ${keyFingerprint}, ${keyFingerprint}, ${run})
    ON CONFLICT DO UPDATE SET run = excluded.run, latest_fingerprint = excluded.latest_fingerprint
  `
  yield* sql`DELETE FROM import_reject`
})

/** Notes the account that the import goes to, and the key with which it does. */
export const setAccount = (sql: SqlClient.SqlClient, accountId: number, keyFingerprint: string) =>
  sql`UPDATE import SET account_id = ${accountId}, key_fingerprint = ${keyFingerprint}`

/** What the table has of rows, before they are planned. */
export const known = (sql: SqlClient.SqlClient, keys: ReadonlyArray<string>) =>
  sql<EntryRow & { readonly run: number }>`
    SELECT ${sql.literal(entryColumns)}, run FROM import_row
    WHERE key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))
  `

/** The row that an address belongs to. */
export interface HolderRow {
  readonly address: string
  readonly key: string
  readonly customer: string
  readonly line: number
  readonly isInFile: 0 | 1
}

/**
 * The rows to which addresses belong: those of this run, and those whose contact is made, or may be. An address of a row of
 * which nothing was sent is free again.
 */
export const holders = (sql: SqlClient.SqlClient, run: number, addresses: ReadonlyArray<string>) =>
  sql<HolderRow>`
    SELECT held.address, held.key, holder.customer, holder.line, holder.run = ${run} AS isInFile
    FROM import_address AS held JOIN import_row AS holder ON holder.key = held.key
    WHERE held.address IN (SELECT value FROM json_each(${JSON.stringify(addresses)})) AND
      (held.run = ${run} OR holder.contact_id IS NOT NULL OR holder.state IN ('sent', 'done'))
  `

/** An address, and the row that it belongs to. */
export interface HeldAddress {
  readonly address: string
  readonly key: string
}

const withHeld = SqlRows.make<HeldAddress>({ address: ({ address }) => address, key: ({ key }) => key })

/** Notes to which rows addresses belong from now on. */
export const hold = (sql: SqlClient.SqlClient, run: number, held: ReadonlyArray<HeldAddress>) =>
  withHeld(
    sql,
    held,
    (given) =>
      sql`
        WITH ${given} INSERT INTO import_address (address, key, run)
        SELECT address, key, ${run} FROM given WHERE address IS NOT NULL
        ON CONFLICT DO UPDATE SET key = excluded.key, run = excluded.run
      `
  )

/** Frees addresses of rows. */
export const free = (sql: SqlClient.SqlClient, freed: ReadonlyArray<HeldAddress>) =>
  sql`
    DELETE FROM import_address WHERE (address, key) IN (
      SELECT value ->> 'address', value ->> 'key' FROM json_each(${JSON.stringify(freed)})
    )
  `

/** A row to plan, as the table has it. */
export interface PlannedRow {
  readonly key: string
  readonly customer: string
  /** As JSON. */
  readonly addresses: string
  readonly line: number
  readonly row: string
  readonly hash: string
}

const withPlanned = SqlRows.make<PlannedRow>({
  key: ({ key }) => key,
  customer: ({ customer }) => customer,
  addresses: ({ addresses }) => addresses,
  line: ({ line }) => line,
  row: ({ row }) => row,
  hash: ({ hash }) => hash
})

/** A row's values as a hash of 64 bits, which stays when they are forgotten. */
export const hashOf = (row: string): string => `${Hash.string(row)}.${TextHash.of(row)}`

/**
 * Finds rows of earlier runs by the hashes of their values, of which something was sent: they count as in the file of this
 * run, at these lines.
 */
export const recall = (
  sql: SqlClient.SqlClient,
  run: number,
  rows: ReadonlyArray<{ readonly hash: string; readonly line: number }>
) =>
  Effect.andThen(
    // Few runs need it, and keeping it would cost each row as much as its insert.
    sql`CREATE INDEX IF NOT EXISTS import_row_hash ON import_row (row_hash)`,
    sql<{ readonly hash: string; readonly state: "done" | "sent" }>`
      UPDATE import_row SET run = ${run}, line = same.value ->> 'line'
      FROM json_each(${JSON.stringify(rows)}) AS same
      WHERE import_row.row_hash = same.value ->> 'hash' AND import_row.run <> ${run} AND
        import_row.state IN ('done', 'sent')
      RETURNING row_hash AS hash, state
    `
  )

/**
 * Plans rows of a run. Those whose contact is to be sent, or looked for again since an address of theirs was corrected, count
 * as sent. What was sent with other values and may be there keeps those.
 */
export const plan = (sql: SqlClient.SqlClient, run: number, rows: ReadonlyArray<PlannedRow>) => {
  const mayBeSent = sql.literal("(import_row.state = 'sent' AND import_row.step <> 'contact')")
  const isContactSent = sql.literal(
    "(import_row.state <> 'done' AND import_row.step = 'contact') OR " +
      "(import_row.state IN ('planned', 'rejected') AND import_row.addresses <> excluded.addresses)"
  )
  return withPlanned(sql, rows, (given) =>
    sql`
    WITH ${given} INSERT INTO import_row (key, customer, addresses, line, run, state, step, row, row_hash, reasons)
    SELECT key, customer, addresses, line, ${run}, 'sent', 'contact', row, hash, '[]' FROM given WHERE key IS NOT NULL
    ON CONFLICT DO UPDATE SET
      customer = CASE WHEN import_row.state = 'done' OR ${mayBeSent} THEN customer ELSE excluded.customer END,
      addresses = CASE WHEN import_row.state = 'done' OR ${mayBeSent} THEN addresses ELSE excluded.addresses END,
      line = excluded.line,
      run = excluded.run,
      row_hash = excluded.row_hash,
      row = CASE WHEN import_row.state = 'done' THEN NULL WHEN ${mayBeSent} THEN row ELSE excluded.row END,
      state = CASE WHEN ${isContactSent} THEN 'sent' ELSE state END,
      step = CASE WHEN ${isContactSent} THEN 'contact' ELSE step END
  `)
}

/** Notes which rows the file of a run has, though an address of theirs is another customer's: nothing is sent for them. */
export const take = (sql: SqlClient.SqlClient, run: number, keys: ReadonlyArray<string>) =>
  sql`
    UPDATE import_row SET taken_run = ${run} WHERE key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))
  `

/** A row whose contact is another customer's: nothing may be sent for it. */
export interface LostRow {
  readonly key: string
  readonly contactId: number
  /** The row to which the contact belongs. */
  readonly holder: string
  readonly line: number
}

/** A change of a row: what it does not have stays, but for the reasons. */
export interface ChangedRow {
  readonly key: string
  readonly state: string
  readonly step: string
  readonly contactId?: number | undefined
  readonly sourceId?: string | undefined
  readonly existing?: boolean | undefined
  readonly conversationId?: number | undefined
  readonly messageId?: number | undefined
  readonly digest?: number | undefined
  readonly reasons?: ReadonlyArray<string> | undefined
}

const contactColumns = {
  key: ({ key }: ChangedRow) => key,
  contact_id: ({ contactId }: ChangedRow) => contactId ?? null
}

const withContacts = SqlRows.make(contactColumns)

const withChanges = SqlRows.make<ChangedRow>({
  ...contactColumns,
  state: ({ state }) => state,
  step: ({ step }) => step,
  source_id: ({ sourceId }) => sourceId ?? null,
  existing: ({ existing }) => existing === undefined ? null : Number(existing),
  conversation_id: ({ conversationId }) => conversationId ?? null,
  message_id: ({ messageId }) => messageId ?? null,
  digest: ({ digest }) => digest ?? null,
  reasons: ({ reasons }) => reasons === undefined ? null : JSON.stringify(reasons)
})

/** Notes of which customers contacts are; each stays the one that had it first. */
export const holdContacts = (sql: SqlClient.SqlClient, changes: ReadonlyArray<ChangedRow>) =>
  withContacts(sql, changes, (given) =>
    sql`
    WITH ${given} INSERT OR IGNORE INTO import_contact (contact_id, customer, key)
    SELECT COALESCE(given.contact_id, import_row.contact_id), import_row.customer, import_row.key
    FROM given JOIN import_row ON import_row.key = given.key
    WHERE COALESCE(given.contact_id, import_row.contact_id) IS NOT NULL
  `)

/** Those of the changed rows whose contact is another customer's. */
export const lost = (sql: SqlClient.SqlClient, changes: ReadonlyArray<ChangedRow>) =>
  withContacts(sql, changes, (given) =>
    sql<LostRow>`
    WITH ${given} SELECT import_row.key, import_contact.contact_id AS contactId, holder.key AS holder, holder.line
    FROM given
    JOIN import_row ON import_row.key = given.key
    JOIN import_contact ON import_contact.contact_id = COALESCE(given.contact_id, import_row.contact_id)
    JOIN import_row AS holder ON holder.key = import_contact.key
    WHERE import_contact.customer <> import_row.customer
  `)

/**
 * Changes rows by their keys. What a change does not have stays, but for the reasons; and for the conversation where the
 * contact is another than before.
 */
export const change = (sql: SqlClient.SqlClient, changes: ReadonlyArray<ChangedRow>) =>
  withChanges(sql, changes, (given) =>
    sql`
    WITH ${given} UPDATE import_row SET
      state = given.state,
      step = given.step,
      row = CASE given.state WHEN 'done' THEN NULL ELSE row END,
      contact_id = COALESCE(given.contact_id, import_row.contact_id),
      source_id = COALESCE(given.source_id, import_row.source_id),
      existing = COALESCE(given.existing, import_row.existing),
      conversation_id = COALESCE(
        given.conversation_id,
        CASE WHEN given.contact_id <> import_row.contact_id THEN NULL ELSE import_row.conversation_id END
      ),
      message_id = COALESCE(given.message_id, import_row.message_id),
      digest = COALESCE(given.digest, import_row.digest),
      reasons = COALESCE(given.reasons, '[]')
    FROM given WHERE import_row.key = given.key
  `)

/** Of the changes of one row only the latest: what several say of different columns is in all of them. */
export const merge = <Change extends { readonly key: string }>(
  changes: ReadonlyArray<Change>
): ReadonlyArray<Change> => {
  const merged = new Map<string, Change>()
  for (const change of changes) merged.set(change.key, { ...merged.get(change.key), ...change })
  return [...merged.values()]
}

/** Notes rows that cannot be imported. */
export const reject = (sql: SqlClient.SqlClient, rejects: ReadonlyArray<object>) =>
  sql`
    INSERT INTO import_reject (line, reasons, row)
    SELECT value ->> 'line', value ->> 'reasons', value ->> 'row' FROM json_each(${JSON.stringify(rejects)})
  `

/** A page of the rows in one state. */
export const entries = (sql: SqlClient.SqlClient, state: EntryRow["state"], after: number) =>
  sql<EntryRow & Place>`
    SELECT ${sql.literal(entryColumns)}, id FROM import_row
    WHERE state = ${state} AND id > ${after} ORDER BY id LIMIT ${pageSize}
  `

/** Where a rejected row stands among the others. */
export interface RejectPlace extends Place {
  readonly line: number
  readonly isRefused: 0 | 1
}

/** A page of the rows that could not be imported, and of those that LiveDesk refused, in the order of their lines. */
export const rejects = (sql: SqlClient.SqlClient, { id, isRefused, line }: RejectPlace) =>
  sql<
    RejectPlace & {
      readonly reasons: string
      readonly row: string
      readonly step: EntryRow["step"] | null
      readonly isInFile: 0 | 1
    }
  >`
    SELECT line, reasons, row, NULL AS step, 1 AS isInFile, 0 AS isRefused, id FROM import_reject
    WHERE (line, id) > (${line}, ${isRefused === 1 ? Number.MAX_SAFE_INTEGER : id})
    UNION ALL
    SELECT line, reasons, COALESCE(row, ''), step, run = (SELECT run FROM import), 1, id FROM import_row
    WHERE state = 'rejected' AND (line, id) > (${line}, ${isRefused === 1 ? id : 0})
    ORDER BY line, isRefused, id LIMIT ${pageSize}
  `

/** Whether a run wrote a report with this stamp. */
export const isReport = (sql: SqlClient.SqlClient, stamp: string) =>
  Effect.map(sql`SELECT stamp FROM import_report WHERE stamp = ${stamp}`, (found) => found.length > 0)

/** Notes the stamp of a report. */
export const noteReport = (sql: SqlClient.SqlClient, stamp: string) =>
  sql`INSERT OR IGNORE INTO import_report (stamp) VALUES (${stamp})`

/** The number of rows in each state that has any, and how many of them the latest run's file does not have. */
export const totals = (sql: SqlClient.SqlClient) =>
  sql<{ readonly state: EntryRow["state"] | "invalid"; readonly count: number; readonly notInFile: number }>`
    SELECT state, COUNT(*) AS count, SUM((SELECT run FROM import) NOT IN (run, taken_run)) AS notInFile
    FROM import_row GROUP BY state
    UNION ALL SELECT 'invalid', COUNT(*), 0 FROM import_reject
  `

/** Resolves the step of a sent row as done, with the ids of what it made, which no other row has; returns the row's key. */
export const resolveProcessed = (
  sql: SqlClient.SqlClient,
  key: string,
  made: {
    readonly contactId?: number | undefined
    readonly conversationId?: number | undefined
    readonly messageId?: number | undefined
  }
) =>
  sql`
    UPDATE import_row SET
      contact_id = COALESCE(${made.contactId ?? null}, contact_id),
      conversation_id = COALESCE(${made.conversationId ?? null}, conversation_id),
      message_id = COALESCE(${made.messageId ?? null}, message_id),
      row = CASE step WHEN 'message' THEN NULL ELSE row END,
      state = CASE step WHEN 'message' THEN 'done' ELSE 'planned' END,
      step = CASE step WHEN 'contact' THEN 'conversation' ELSE 'message' END
    WHERE key = ${key} AND state = 'sent' AND NOT EXISTS (
      SELECT 1 FROM import_row AS other WHERE other.conversation_id = ${
    made.conversationId ?? null
  } AND other.key <> ${key}
    ) RETURNING key
  `

/** Resolves the step of a sent row as not done; returns the row's key. */
export const resolveNotProcessed = (sql: SqlClient.SqlClient, key: string) =>
  sql`UPDATE import_row SET state = 'planned' WHERE key = ${key} AND state = 'sent' RETURNING key`

/** The texts in a column of JSON; `otherwise` where it holds something else. */
export const strings = (json: string, otherwise: ReadonlyArray<string>): ReadonlyArray<string> =>
  json === "[]" ? [] : Result.getOrElse(decodeStrings(json), () => otherwise)

const decodeStrings = SchemaParser.decodeUnknownResult(Schema.fromJsonString(Schema.Array(Schema.String)))
