/** What a module offers to programs: the names that it exports, with their types, as the compiler wrote them. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript-5"
import * as Tarball from "./Tarball.ts"

/** Where the reports are that the built packages must agree with. */
export const committed = Path.join(import.meta.dirname, "api")

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

const nameOf = (statement: ts.Statement): string => {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText()).join(", ")
  }
  if (
    ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  ) {
    return statement.name?.text ?? ""
  }
  return ""
}

const isExported = (statement: ts.Statement): boolean =>
  ts.isExportDeclaration(statement) ||
  (ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true)

interface Said {
  readonly exported: boolean
  readonly name: string
  readonly text: string
}

/** What an entry exports of an internal module, which has no report of its own. */
const passedOn = (statement: ts.Statement, file: string): ReadonlyArray<Said> | undefined => {
  if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) return undefined
  const from = statement.moduleSpecifier.getText().slice(1, -1)
  const clause = statement.exportClause
  if (!from.includes("/internal/") || clause === undefined || !ts.isNamedExports(clause)) return undefined
  const names = clause.elements.map(({ name }) => name.text)
  return statementsOf(Path.join(Path.dirname(file), from.replace(/\.[jt]s$/, ".d.ts")))
    .filter(({ name }) => names.includes(name))
}

/** Of a declaration file; what it imports is left out, for its types say it, and so is `export {}`. */
const statementsOf = (file: string): ReadonlyArray<Said> => {
  const source = ts.createSourceFile(file, Fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true)
  return source.statements
    .filter((statement) => !ts.isImportDeclaration(statement))
    .filter((statement) =>
      !(ts.isExportDeclaration(statement) && statement.moduleSpecifier === undefined &&
        statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause) &&
        statement.exportClause.elements.length === 0)
    )
    .flatMap((statement) =>
      passedOn(statement, file) ?? [{
        exported: isExported(statement),
        name: nameOf(statement),
        text: printer.printNode(ts.EmitHint.Unspecified, statement, source)
      }]
    )
    .sort((a, b) => order(a.name, b.name) || order(a.text, b.text))
}

const ofDeclarations = (entry: string, file: string): string => {
  const said = statementsOf(file)
  const exported = said.filter(({ exported }) => exported)
  const others = said.filter(({ exported }) => !exported)
  return [
    entry,
    ...exported.map(({ text }) => text),
    ...(others.length === 0 ? [] : ["not exported, but part of the types above", ...others.map(({ text }) => text)])
  ].join("\n\n") + "\n"
}

const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** The reports of a package, by the file that each belongs in. */
export const make = (tarball: Tarball.Tarball): ReadonlyMap<string, string> =>
  new Map(
    [...Tarball.entries(tarball)].map(([entry, file]) => [
      Path.join(tarball.name, `${file}.txt`),
      ofDeclarations(
        Path.posix.join("@effect-livedesk", tarball.name, entry),
        Path.join(tarball.folder, "dist", `${file}.d.ts`)
      )
    ])
  )
