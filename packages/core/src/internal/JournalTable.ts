/**
 * The tables of an import's journal in SQLite, and the statements on them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"

/** Makes the tables that are not there. */
export const createTables = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  yield* sql`CREATE TABLE IF NOT EXISTS import (id INTEGER PRIMARY KEY, inbox_id INTEGER NOT NULL, run INTEGER NOT NULL)`
  yield* sql`
    CREATE TABLE IF NOT EXISTS import_row (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      line INTEGER NOT NULL,
      run INTEGER NOT NULL,
      state TEXT NOT NULL,
      step TEXT NOT NULL,
      row TEXT,
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
    CREATE TABLE IF NOT EXISTS import_reject (
      id INTEGER PRIMARY KEY,
      line INTEGER NOT NULL,
      reasons TEXT NOT NULL,
      row TEXT NOT NULL
    )
  `
})

const entryColumns = "key, line, state, step, row, contact_id AS contactId, source_id AS sourceId, existing, " +
  "conversation_id AS conversationId, message_id AS messageId, digest, reasons"

/** What the table knows of a row, as only this module has written it. */
export interface EntryRow {
  readonly key: string
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

/** The import that the journal is of, and its latest run; none before the first. */
export const latestRun = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ readonly inboxId: number; readonly run: number }>`SELECT inbox_id AS inboxId, run FROM import`,
    ([latest]) => latest
  )

/** Begins a run. */
export const begin = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, inboxId: number, run: number) {
  yield* sql`INSERT INTO import (id, inbox_id, run) VALUES (1, ${inboxId}, ${run}) ON CONFLICT DO UPDATE SET run = ${run}`
  yield* sql`DELETE FROM import_reject`
})

/** What the table has of rows, before they are planned. */
export const known = (sql: SqlClient.SqlClient, keys: ReadonlyArray<string>) =>
  sql<EntryRow & { readonly run: number }>`
    SELECT ${sql.literal(entryColumns)}, run FROM import_row
    WHERE key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))
  `

/** Plans rows of a run: those whose contact is to be sent count as sent. */
export const plan = (
  sql: SqlClient.SqlClient,
  run: number,
  rows: ReadonlyArray<{ readonly key: string; readonly line: number; readonly row: string }>
) =>
  sql`
    INSERT INTO import_row (key, line, run, state, step, row, reasons)
    SELECT value ->> 'key', value ->> 'line', ${run}, 'sent', 'contact', value ->> 'row', '[]'
    FROM json_each(${JSON.stringify(rows)}) WHERE true
    ON CONFLICT DO UPDATE SET
      line = excluded.line,
      run = excluded.run,
      row = CASE state WHEN 'done' THEN NULL ELSE excluded.row END,
      state = CASE WHEN step = 'contact' AND state <> 'done' THEN 'sent' ELSE state END
  `

/** Changes rows by their keys. What a change does not have stays, but for the reasons. */
export const change = <Change extends { readonly key: string; readonly state: string; readonly step: string }>(
  sql: SqlClient.SqlClient,
  changes: ReadonlyArray<Change>
) => {
  // Of one row only the latest: what several say of different columns is in all of them.
  const merged = new Map<string, Change>()
  for (const change of changes) merged.set(change.key, { ...merged.get(change.key), ...change })
  return sql`
    UPDATE import_row SET
      state = new.value ->> 'state',
      step = new.value ->> 'step',
      row = CASE new.value ->> 'state' WHEN 'done' THEN NULL ELSE row END,
      contact_id = COALESCE(new.value ->> 'contactId', contact_id),
      source_id = COALESCE(new.value ->> 'sourceId', source_id),
      existing = COALESCE(new.value ->> 'existing', existing),
      conversation_id = COALESCE(new.value ->> 'conversationId', conversation_id),
      message_id = COALESCE(new.value ->> 'messageId', message_id),
      digest = COALESCE(new.value ->> 'digest', digest),
      reasons = COALESCE(new.value ->> 'reasons', '[]')
    FROM json_each(${JSON.stringify([...merged.values()])}) AS new
    WHERE import_row.key = new.value ->> 'key'
  `
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

/** A page of the rows that could not be imported. */
export const rejects = (sql: SqlClient.SqlClient, after: number) =>
  sql<{ readonly line: number; readonly reasons: string; readonly row: string } & Place>`
    SELECT line, reasons, row, id FROM import_reject WHERE id > ${after} ORDER BY id LIMIT ${pageSize}
  `

/** The number of rows in each state that has any. */
export const totals = (sql: SqlClient.SqlClient) =>
  sql<{ readonly state: EntryRow["state"] | "invalid"; readonly count: number }>`
    SELECT state, COUNT(*) AS count FROM import_row GROUP BY state
    UNION ALL SELECT 'invalid', COUNT(*) FROM import_reject
  `

/** Resolves the step of a sent row as done, with the ids of what it made; returns the row's key. */
export const resolveDone = (
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
      contact_id = COALESCE(${made.contactId}, contact_id),
      conversation_id = COALESCE(${made.conversationId}, conversation_id),
      message_id = COALESCE(${made.messageId}, message_id),
      row = CASE step WHEN 'message' THEN NULL ELSE row END,
      state = CASE step WHEN 'message' THEN 'done' ELSE 'planned' END,
      step = CASE step WHEN 'contact' THEN 'conversation' ELSE 'message' END
    WHERE key = ${key} AND state = 'sent' RETURNING key
  `

/** Resolves the step of a sent row as not done; returns the row's key. */
export const resolveNotDone = (sql: SqlClient.SqlClient, key: string) =>
  sql`UPDATE import_row SET state = 'planned' WHERE key = ${key} AND state = 'sent' RETURNING key`
