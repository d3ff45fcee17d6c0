/**
 * The second file of a SQLite database, `-wal`, in which SQLite keeps what was committed last.
 *
 * @since 0.1.0
 */
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs"

/** The path of the file beside a database, also where that is opened by a link to it. */
export const pathOf = (database: string): string => `${existsSync(database) ? realpathSync(database) : database}-wal`

/** Whether there is one. */
export const exists = (database: string): boolean => existsSync(pathOf(database))

/** Whether a program that shares the database made the index of its frames, `-shm`, and did not end by itself. */
export const hasIndex = (database: string): boolean => existsSync(pathOf(database).replace(/wal$/, "shm"))

/** Its size in bytes. */
export const size = (database: string): number => statSync(pathOf(database), { throwIfNoEntry: false })?.size ?? 0

/**
 * Reads the `user_version` in each frame whose checksum is right; `undefined` for a frame of another page than the
 * first: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
export const userVersions = (database: string): ReadonlyArray<number | undefined> => {
  let descriptor: number
  try {
    descriptor = openSync(pathOf(database), "r")
  } catch {
    // There is none, or SQLite says why it cannot be read.
    return []
  }
  try {
    const header = Buffer.alloc(32)
    readSync(descriptor, header, 0, header.length, 0)
    const [magic, pageSize] = [header.readUInt32BE(0), header.readUInt32BE(8)]
    if (magic >>> 1 !== 0x37_7f_06_82 >>> 1 || pageSize > 65_536) return []
    const sum = checksum(magic % 2 === 1)
    sum(header.subarray(0, 24))
    const frame = Buffer.alloc(24 + pageSize)
    const versions: Array<number | undefined> = []
    for (let at = header.length;; at += frame.length) {
      if (readSync(descriptor, frame, 0, frame.length, at) < frame.length) return versions
      // Behind the latest frames are those of an earlier use of the file.
      if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) return versions
      sum(frame.subarray(0, 8))
      const [first, second] = sum(frame.subarray(24))
      if (first !== frame.readUInt32BE(16) || second !== frame.readUInt32BE(20)) return versions
      versions.push(frame.readUInt32BE(0) === 1 ? frame.readInt32BE(24 + 60) : undefined)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a function that adds bytes to a checksum, and returns it. */
const checksum = (isBigEndian: boolean) => {
  let [first, second] = [0, 0]
  return (bytes: Buffer): readonly [number, number] => {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at < bytes.length; at += 8) {
      first = (first + words.getUint32(at, !isBigEndian) + second) >>> 0
      second = (second + words.getUint32(at + 4, !isBigEndian) + first) >>> 0
    }
    return [first, second]
  }
}
