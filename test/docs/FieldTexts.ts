/** The doc comments of models, inputs and events, as far as they are about the wire, for the OpenAPI document. */
import { String } from "effect"
import * as Path from "node:path"
import * as Ts from "typescript"
import { root } from "./Reference.ts"

/** The generated module. */
export const committed = Path.join(root, "packages/core/src/internal/FieldTexts.ts")

const modules = [
  "ContactProfile",
  "Contacts",
  "Conversations",
  "Messages",
  "Tickets",
  "webhooks/WebhookConversation",
  "webhooks/WebhookEvent"
]

/** Makes the text of the generated module from the compiler's reading of the sources. */
export const make = (programs: ReadonlyArray<Ts.Program>): string => {
  const texts = modules.flatMap((module) => {
    const file = Path.join(root, "packages/core/src", `${module}.ts`)
    const program = programs.find((program) => program.getSourceFile(file) !== undefined)
    if (program === undefined) throw new Error(`${file} was not read`)
    return textsOf(program, file)
  })
  const lines = texts
    .toSorted(([one], [other]) => one < other ? -1 : one > other ? 1 : 0)
    .map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)}`)
  return `/**
 * The meaning of schemas and their properties on the wire, by \`Module.Type.property\`, for the OpenAPI document. Written
 * by \`pnpm codegen\` from the doc comments of models, inputs and events.
 *
 * @since 0.1.0
 */
// dprint-ignore
export const fieldTexts: { readonly [name: string]: string | undefined } = {
${lines.join(",\n")}
}
`
}

type Text = readonly [name: string, text: string]

const textsOf = (program: Ts.Program, file: string): ReadonlyArray<Text> => {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${file} has no exports`)
  const moduleName = Path.basename(file, ".ts")
  const textOf = (symbol: Ts.Symbol) =>
    onWire(Ts.displayPartsToString(symbol.getDocumentationComment(checker)), moduleName)

  const propertiesOf = (type: Ts.Type, name: string): ReadonlyArray<Text> =>
    type.getProperties().flatMap((property): ReadonlyArray<Text> => {
      const inner = `${name}.${property.name}`
      return [[inner, textOf(property)], ...nameless(checker.getTypeOfSymbol(property), inner)]
    })

  /** Goes into object types without a name of their own. */
  const nameless = (type: Ts.Type, name: string): ReadonlyArray<Text> => {
    if (type.isUnion()) return type.types.flatMap((member) => nameless(member, name))
    if (checker.isArrayLikeType(type)) {
      const [element] = checker.getTypeArguments(type as Ts.TypeReference)
      return element === undefined ? [] : nameless(element, name)
    }
    const isObject = (type.flags & Ts.TypeFlags.Object) !== 0 && !isNamed(type.getSymbol())
    return isObject ? propertiesOf(type, name) : []
  }

  return checker.getExportsOfModule(module).flatMap((symbol): ReadonlyArray<Text> => {
    const name = `${moduleName}.${symbol.name}`
    const text: ReadonlyArray<Text> = [[name, textOf(symbol)]]
    const isType = (symbol.flags & (Ts.SymbolFlags.Interface | Ts.SymbolFlags.TypeAlias)) !== 0
    if (isType && categoryOf(symbol) === "events") return text
    // A type and a value of one name are a schema, unless the value only makes inputs.
    const isSchema = isType && (symbol.flags & Ts.SymbolFlags.Variable) !== 0
    const type = checker.getDeclaredTypeOfSymbol(symbol)
    const isObject = (type.flags & (Ts.TypeFlags.Object | Ts.TypeFlags.UnionOrIntersection)) !== 0
    return isSchema && isObject && categoryOf(symbol) !== "codecs" && symbol.name !== "Status"
      ? [...text, ...propertiesOf(type, name)]
      : []
  }).filter(([, text]) => text !== "")
}

const isNamed = (symbol: Ts.Symbol | undefined): boolean =>
  symbol !== undefined && (symbol.flags & (Ts.SymbolFlags.Interface | Ts.SymbolFlags.Class)) !== 0

const categoryOf = (symbol: Ts.Symbol): string | undefined =>
  symbol.getJsDocTags().filter(({ name }) => name === "category").map(({ text }) => Ts.displayPartsToString(text))[0]

// ---------------------------------------------------------------------------------------------------------------------
// comments
// ---------------------------------------------------------------------------------------------------------------------

/** Sentences about this library alone. */
const ofTheLibrary =
  /`(?:Unknown|statuses|Ticket|[A-Z]\w+\.\w+)`|fails the whole|redacted|^The schema of the input|`_tag`/

/** Returns a comment without what it says of this library, and with the names of the wire. */
const onWire = (comment: string, module: string): string =>
  comment
    .replaceAll(/\s+/g, " ")
    .replaceAll(
      /, or any other by `[\w.]+`|: one of `statuses`, which says which are documented|: an update [^.]* never fails/g,
      ""
    )
    .replaceAll(/; (?:`None`|none) when (0|null), which means ([^.;]*)/g, "; $1 means $2")
    .replaceAll(/; (?:`None`|none) when 0(?: or null)?(?=[ .])/g, "; 0 stands for none")
    .replaceAll(/; [^.;]*\bwhen (?:absent|null|0|"")[^.;(]*(?= \(|[.;])/g, "")
    .replaceAll(
      /; (?:`None` if [^.;]*|(?:a|an) \w+ (?:\w+ )?without (?:it|one) [^.;]*|redacted [^.;]*|both are read)/g,
      ""
    )
    .replaceAll(/; nothing relies on it/g, "")
    .split(/(?<=[.?])\s+/)
    .filter((sentence) => !ofTheLibrary.test(sentence))
    .join(" ")
    .replaceAll("`None`", "null")
    .replaceAll(/\b(input of|response to) `(\w+)`/g, `$1 \`${module.toLowerCase()}.$2\``)
    .replaceAll(/`[a-z]+[A-Z][\w.]*`/g, String.camelToSnake)
    // Events have the names of the wire, too.
    .replaceAll(/`[A-Z]\w+`/g, (name) =>
      module === "WebhookEvent" ? `\`${String.pascalToSnake(name.slice(1, -1))}\`` : name)
    .trim()
