/**
 * A file that stores the state of an emulator, so that stopping it loses nothing.
 *
 * @since 0.1.0
 */
import type * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as EmulatorState from "@effect-livedesk/core/testing/EmulatorState"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { open, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"

/**
 * The file cannot be read, does not hold the state of an emulator, cannot be written, or is another emulator's.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmulatorFileError extends Data.TaggedError("EmulatorFileError")<{
  readonly path: string
  readonly problem: "Unreadable" | "NotAState" | "Unwritable" | "InUse"
  readonly cause: unknown
}> {
  override get message(): string {
    const detail = Predicate.hasProperty(this.cause, "message") ? `: ${String(this.cause.message)}` : ""
    switch (this.problem) {
      case "Unreadable":
        return `${this.path} cannot be read${detail}`
      case "NotAState":
        return `${this.path} does not hold the state of an emulator; move it away to start afresh${detail}`
      case "Unwritable":
        return `${this.path} cannot be written${detail}`
      case "InUse":
        return `${this.path} is in use by another emulator: stop that one, or give another file`
    }
  }
}

const State = Schema.fromJsonString(EmulatorState.EmulatorState)

const decode = SchemaParser.decodeUnknownEffect(State)

const encode = SchemaParser.encodeEffect(State)

/**
 * Locks the file until the scope closes or the process ends. Fails with `InUse` if another emulator has it, in this
 * process or another. Beside it is then a file with the same name and `.lock`.
 *
 * @category files
 * @since 0.1.0
 */
export const lock = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<void, EmulatorFileError, Scope.Scope> {
  yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => takeLock(path),
      catch: (cause) => new EmulatorFileError({ path, problem: "InUse", cause })
    }),
    (release) => Effect.sync(release)
  )
})

/** Has SQLite lock a file, which also a process that is killed gives back. */
const takeLock = async (path: string): Promise<() => void> => {
  const { DatabaseSync } = await import("node:sqlite")
  const file = `${await targetOf(path)}.lock`
  let database: InstanceType<typeof DatabaseSync>
  try {
    await create(file)
    database = new DatabaseSync(file, { timeout: 0 })
  } catch {
    // Where no file can be made, none can be replaced: saving says why.
    return () => {}
  }
  try {
    database.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    database.close()
    throw error
  }
  return () => {
    // Before it is given back, or it might be another's by then.
    rmSync(file, { force: true })
    database.close()
  }
}

/** Creates a file. One that exists is not opened: closing it would give back the locks that this process has on it. */
const create = async (file: string): Promise<void> => {
  try {
    await (await open(file, "wx", 0o600)).close()
  } catch (error) {
    if (!Predicate.hasProperty(error, "code") || error.code !== "EEXIST") throw error
  }
}

/**
 * Loads the saved state, or none if the file does not exist.
 *
 * @category files
 * @since 0.1.0
 */
export const load = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<Option.Option<EmulatorState.EmulatorState>, EmulatorFileError> {
  const text = yield* Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) => new EmulatorFileError({ path, problem: "Unreadable", cause })
  }).pipe(
    Effect.map(Option.some),
    Effect.catch((error) => isMissing(error.cause) ? Effect.succeed(Option.none<string>()) : Effect.fail(error))
  )
  if (Option.isNone(text)) return Option.none()
  return yield* decode(text.value).pipe(
    Effect.map(Option.some),
    Effect.mapError((issue) =>
      new EmulatorFileError({ path, problem: "NotAState", cause: new Schema.SchemaError(issue) })
    )
  )
})

const isMissing = (cause: unknown): boolean => Predicate.hasProperty(cause, "code") && cause.code === "ENOENT"

/**
 * Saves a state. It is written beside the file first and then replaces it in one step, so that either the old or the
 * new state is always there whole. A file keeps its mode; a new one is its owner's alone. Links stay: their target is
 * replaced.
 *
 * @category files
 * @since 0.1.0
 */
export const save = (path: string, state: EmulatorState.EmulatorState): Effect.Effect<void, EmulatorFileError> =>
  encode(state).pipe(
    Effect.flatMap((text) => Effect.tryPromise(() => replace(path, text))),
    Effect.mapError((cause) =>
      new EmulatorFileError({
        path,
        problem: "Unwritable",
        cause: Predicate.isTagged(cause, "UnknownError") ? cause.cause : cause
      })
    ),
    Effect.uninterruptible
  )

const replace = async (path: string, text: string): Promise<void> => {
  const target = await targetOf(path)
  const mode = await orIfMissing(async () => (await stat(target)).mode & 0o777, 0o600)
  const beside = `${target}.${randomUUID()}.tmp`
  try {
    const file = await open(beside, "wx", 0o600)
    try {
      await file.chmod(mode)
      await file.writeFile(text)
      // Otherwise a machine that goes down may keep the new name without the new content.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, target)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** Resolves links, to a target that may not exist yet. */
const targetOf = async (path: string): Promise<string> => {
  const found = await orIfMissing(() => realpath(path), undefined)
  if (found !== undefined) return found
  const link = await orIfMissing(() => readlink(path), undefined)
  return link === undefined ? path : targetOf(resolve(dirname(path), link))
}

const orIfMissing = async <A, B>(f: () => Promise<A>, otherwise: B): Promise<A | B> => {
  try {
    return await f()
  } catch (error) {
    if (isMissing(error)) return otherwise
    throw error
  }
}

/**
 * Saves the state of an emulator soon after each change, and when the scope closes. Logs an error if the file cannot be
 * written, and retries after the next change.
 *
 * @category files
 * @since 0.1.0
 */
export const keep = Effect.fnUntraced(function*(
  path: string,
  emulator: Emulator.Emulator["Service"]
): Effect.fn.Return<void, never, Scope.Scope> {
  let saved: EmulatorState.EmulatorState | undefined
  const saveChanges = Effect.gen(function*() {
    const state = yield* emulator.state
    if (state === saved) return
    yield* save(path, state)
    saved = state
  }).pipe(Effect.catch((error) => Effect.logError(error.message)))
  yield* Effect.addFinalizer(() => saveChanges)
  yield* emulator.changes.pipe(
    // While one state is being written, only the latest of those that follow is worth keeping.
    Stream.buffer({ capacity: 1, strategy: "sliding" }),
    Stream.runForEach(() => Effect.delay(saveChanges, "100 millis")),
    Effect.forkScoped
  )
})
