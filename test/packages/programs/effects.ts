/** Imports the modules that it is given, and prints what they did to the process beside being there. */
import "@effect/platform-node"
import "effect"

const seen = (): ReadonlyArray<string> => [
  ...Object.getOwnPropertyNames(globalThis).map((name) => `global ${name}`),
  ...[Object, Array, Promise, String, Error, Map, Set].flatMap((type) =>
    Reflect.ownKeys(type.prototype).map((name) => `${type.name}.prototype.${String(name)}`)
  ),
  ...process.eventNames().map((name) => `listener of ${String(name)}`),
  ...Object.keys(process.env).map((name) => `environment ${name}`),
  ...process.getActiveResourcesInfo().filter((resource) => resource !== "PipeWrap").map((name) => `open ${name}`)
]

const before = seen()
for (const module of process.argv.slice(2)) await import(module)
const added = seen().filter((thing) => !before.includes(thing))
console.log(added.length === 0 ? "nothing" : added.join("\n"))
