import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, Schema, type Scope } from "effect"
import { PassThrough, Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as Child from "./Child.ts"
import * as Cli from "./Cli.ts"

/** The official client, connected to `livedesk mcp` in a process of its own. */
export interface McpAgent {
  readonly client: Client
  readonly pid: number
  /** Calls a tool. */
  readonly call: (name: string, fields: { readonly [key: string]: unknown }) => Effect.Effect<Called>
  /** The next line of its standard error that begins like this. */
  readonly errorLine: Child.Child["line"]
  /** Closes the server's input, and waits for its end: what it wrote on standard error. */
  readonly close: Effect.Effect<string>
}

/** The result of a tool. */
export interface Called {
  readonly isError: boolean
  readonly value: { readonly [key: string]: Schema.Json }
}

const readJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

/** Starts `livedesk mcp` in a folder, with nothing in its environment but `settings`. */
export const start = (
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>
): Effect.Effect<McpAgent, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [fileURLToPath(Cli.program), "mcp", ...args],
        cwd: folder,
        env: Cli.environment(settings),
        stderr: "pipe"
      })
      const { stderr } = transport
      const read = stderr instanceof Readable ? stderr : Readable.from([])
      const errors = text(read.pipe(new PassThrough()))
      const errorLine = Child.lines(read.pipe(new PassThrough()))
      const client = new Client({ name: "a test", version: "1.0.0" })
      await client.connect(transport)
      return { client, errors, errorLine, pid: transport.pid ?? 0 }
    }),
    ({ client }) => Effect.promise(() => client.close())
  ).pipe(
    Effect.map(({ client, errorLine, errors, pid }) => ({
      client,
      pid,
      errorLine,
      call: (name, fields) =>
        Effect.promise(async () => {
          const result = CallToolResultSchema.parse(await client.callTool({ name, arguments: { ...fields } }))
          const [content] = result.content
          return {
            isError: result.isError === true,
            value: readJson(content?.type === "text" ? content.text : "{}")
          }
        }),
      close: Effect.promise(() => client.close().then(() => errors))
    }))
  )
