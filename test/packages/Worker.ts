/** Core in a browser or at the edge: in one file, run where there is nothing but what the web has. */
import { build } from "esbuild"
import * as Path from "node:path"
import * as Vm from "node:vm"

/** What a worker has, and this program's own too. */
const web = {
  AbortController,
  AbortSignal,
  Blob,
  DOMException,
  FormData,
  Headers,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  TransformStream,
  URL,
  URLSearchParams,
  WritableStream,
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  crypto,
  performance,
  queueMicrotask,
  setInterval,
  setTimeout,
  structuredClone
}

const response = {
  code: 0,
  payload: {
    contact: { id: 1, name: "Alice", email: null, phone_number: null, identifier: null },
    contact_inbox: { source_id: "a-source", inbox: null }
  }
}

/** What the program in the project's `worker.ts` gives. Fails where it needs a module of Node, or a global of it. */
export const run = async (project: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [Path.join(project, "worker.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "program",
    // Of Node, a module is an error for this platform.
    platform: "browser",
    conditions: ["worker", "browser"],
    logLevel: "silent",
    write: false
  })
  const asked: Array<string> = []
  const fetch = (url: unknown): Promise<Response> => {
    asked.push(String(url))
    return Promise.resolve(Response.json(response))
  }
  const context = Vm.createContext({ ...web, fetch })
  Vm.runInContext("globalThis.self = globalThis", context)
  Vm.runInContext(outputFiles[0]?.text ?? "", context)
  const made: unknown = await Vm.runInContext(`program.create("Alice")`, context)
  if (asked.length !== 1) throw new Error(`one call asks once, not ${asked.length} times`)
  return String(made)
}
