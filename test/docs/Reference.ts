/** What the packages offer, with their doc comments, the guides and the examples, as TypeDoc reads it. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import {
  Application,
  ArrayType,
  Comment,
  type CommentDisplayPart as Part,
  ContainerReflection,
  Converter,
  DeclarationReflection,
  DocumentReflection,
  makeRecursiveVisitor,
  type NormalizedPath,
  normalizePath,
  type ProjectReflection,
  ReferenceType,
  ReflectionKind,
  ReflectionType,
  RestType,
  type SomeType,
  TupleType,
  Type,
  UnionType
} from "typedoc"
import type { PluginOptions } from "typedoc-plugin-markdown"
import type * as Ts from "typescript"

export const root = Path.join(import.meta.dirname, "../..")

/** Where the reference is kept as Markdown, a file a module. */
export const committed = Path.join(root, "docs/reference")

const sources = "packages/*/src"

/** Modules that no program imports, and modules that only list others. What others export of the former is shown there. */
const hidden = [
  "internal/**",
  "cli/**",
  "bin.ts",
  "index.ts",
  "*/index.ts",
  "testing/{FaultPlan,StoredRecord}.ts"
]

const entryPoints = Fs.globSync(`${sources}/**/*.ts`, {
  cwd: root,
  exclude: hidden.map((pattern) => `${sources}/${pattern}`)
}).map((file) => Path.join(root, file)).sort()

export interface Reference {
  readonly app: Application
  readonly project: ProjectReflection
  /** The compiler's reading. */
  readonly programs: ReadonlyArray<Ts.Program>
}

const markdown: Partial<PluginOptions> = {
  outputFileStrategy: "modules",
  excludeScopesInPaths: true,
  entryFileName: "README",
  mergeReadme: false,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  indexFormat: "table",
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  propertyMembersFormat: "table",
  typeDeclarationFormat: "table",
  tableColumnSettings: {
    hideInherited: true,
    hideModifiers: true,
    hideOverrides: true,
    hideDefaults: true,
    hideValues: true
  }
}

export const make = async (): Promise<Reference> => {
  const app = await Application.bootstrapWithPlugins({
    name: "effect-livedesk",
    plugin: ["typedoc-plugin-markdown"],
    tsconfig: Path.join(import.meta.dirname, "tsconfig.sources.json"),
    entryPoints,
    readme: Path.join(root, "README.md"),
    projectDocuments: guides().map((file) => Path.join(root, file)),
    logLevel: "Warn",
    // `check` judges the types.
    skipErrorChecking: true,
    excludeInternal: true,
    excludeExternals: true,
    excludePrivate: true,
    // The one version there is.
    excludeTags: ["@since"],
    // A line that moves is no change of what is offered.
    disableSources: true,
    disableGit: true,
    hideGenerator: true,
    includeHierarchySummary: false,
    includeVersion: false,
    categorizeByGroup: false,
    sort: ["kind", "alphabetical-ignoring-documents"],
    categoryOrder: [
      "services",
      "calls",
      "steps",
      "running",
      "layers",
      "errors",
      "reasons",
      "constructors",
      "inputs",
      "options",
      "models",
      "*"
    ],
    navigation: { includeCategories: false, includeGroups: false, includeFolders: true, excludeReferences: true },
    navigationLinks: {},
    highlightLanguages: ["typescript", "json", "bash", "sh", "text"],
    searchInComments: true,
    searchInDocuments: true,
    validation: {
      notDocumented: false,
      invalidLink: true,
      invalidPath: true,
      rewrittenLink: true,
      // The types of the fields that a model is made of are in what the model is.
      notExported: false,
      unusedMergeModuleWith: true
    },
    ...markdown
  })
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) asModule(reflection)
  })
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => asGuide(document))
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const reflections = project.getReflectionsByKind(ReflectionKind.All)
    for (const reflection of reflections) {
      if (reflection instanceof DeclarationReflection) asSeen(reflection)
    }
    for (const reflection of reflections) {
      if ("type" in reflection && reflection.type instanceof Type) reflection.type.visit(inOrder)
    }
    // The first page has its heading by itself.
    for (const part of project.readme?.slice(0, 1) ?? []) part.text = part.text.replace(headingOf, "")
    addPages(project)
  })
  let programs: ReadonlyArray<Ts.Program> = []
  app.converter.on(Converter.EVENT_BEGIN, (context) => {
    programs = context.programs
  })
  const project = await app.convert()
  if (project === undefined) throw new Error("the sources could not be read")
  app.validate(project)
  for (const name of undocumented(project)) app.logger.warn(`${name} has no comment`)
  return { app, project, programs }
}

/** The guides in the order of their index. */
export const guides = (): ReadonlyArray<string> => {
  const index = Fs.readFileSync(Path.join(root, "docs/README.md"), "utf8")
  const listed = Array.from(index.matchAll(/\]\(([\w-]+\.md)\)/g), ([, file]) => `docs/${file}`)
  return ["docs/README.md", ...listed, "CONTRIBUTING.md"]
}

const headingOf = /^\s*# (.+)\n/

/** Names a guide by its heading. */
const asGuide = (document: DocumentReflection): void => {
  document.name = headingOf.exec(document.content[0]?.text ?? "")?.[1] ?? document.name
}

/** Names a module as a program imports it, and gives it the comment that its file begins with. */
const asModule = (module: DeclarationReflection): void => {
  const file = Path.join(root, "packages", `${module.name}.ts`)
  const [, header = ""] = /^\/\*\*([^]*?)\*\//.exec(Fs.readFileSync(file, "utf8")) ?? []
  const text = header.replaceAll(/^ *\* ?/gm, "").replace(/^@[^]*/m, "").trim()
  if (text !== "") module.comment = new Comment([{ kind: "text", text }])
  module.name = `@effect-livedesk/${module.name.replace("/src/", "/")}`
}

/** What nothing is said of: exports, and of what a program calls or gives each part, for its name is not enough. */
const undocumented = (project: ProjectReflection): ReadonlyArray<string> => {
  const exported = project.getReflectionsByKind(ReflectionKind.Module)
    .filter((module) => module instanceof DeclarationReflection)
    .flatMap((module) => [module, ...module.children ?? []])
  const parts = exported.filter(({ comment }) => /^(?:inputs|options|services)$/.test(categoryOf(comment)))
    .flatMap(({ children = [] }) => children)
  return [...exported, ...parts].filter((reflection) => !isDocumented(reflection)).map((reflection) =>
    reflection.getFriendlyFullName()
  )
}

const isDocumented = ({ comment, signatures = [] }: DeclarationReflection): boolean =>
  [comment, ...signatures.map(({ comment }) => comment)].some((comment) => (comment?.summary.length ?? 0) > 0)

const categoryOf = (comment: Comment | undefined): string =>
  comment?.getTag("@category")?.content.map(({ text }) => text).join("").trim() ?? ""

// ---------------------------------------------------------------------------------------------------------------------
// what a reader wants to see
// ---------------------------------------------------------------------------------------------------------------------

/** Makes of what the compiler sees what a program sees. */
const asSeen = (reflection: DeclarationReflection): void => {
  if (reflection.kindOf(ReflectionKind.Class)) {
    showService(reflection)
    for (const child of reflection.children ?? []) {
      if (child.kindOf(ReflectionKind.Constructor)) reflection.project.removeReflection(child)
    }
  }
  if (reflection.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias])) shareComment(reflection)
  if (reflection.kindOf(ReflectionKind.Interface)) hideForeign(reflection)
  if (reflection.kindOf(ReflectionKind.Variable)) nameTagged(reflection)
  delete reflection.inheritedFrom
  delete reflection.overwrites
  if (reflection.kindOf(ReflectionKind.Property)) delete reflection.defaultValue
}

/** The compiler keeps the members of a union in the order in which it came upon them, anywhere. */
const inOrder = makeRecursiveVisitor({
  union: (union) => {
    const named = tagged.get(shapesOf(union))
    if (named === undefined) union.types.sort((a, b) => order(placeOf(a), placeOf(b)))
    else union.types = [named]
  },
  array: ({ elementType }) => void pairs.add(elementType),
  typeOperator: (type) => {
    // TypeDoc 0.28 loses the dots of a readonly tuple. Only arrays have pairs of one type.
    const { target } = type
    const [first, second] = target instanceof TupleType && !pairs.has(type) ? target.elements : []
    if (target instanceof TupleType && first !== undefined && first.toString() === second?.toString()) {
      target.elements = [first, new RestType(new ArrayType(second))]
    }
  }
})

const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** Null comes last. */
const placeOf = (type: SomeType): string =>
  `${type.type === "literal" && type.value === null ? 1 : 0}${type.toString()}`

/** The methods of a service are in the type that its class is made with. */
const showService = (reflection: DeclarationReflection): void => {
  const shape = reflection.extendedTypes?.find((type) => type instanceof ReferenceType && type.name === "Shape")
  const members = shape instanceof ReferenceType ? shape.typeArguments?.[1] : undefined
  if (members instanceof ReflectionType) {
    for (const child of members.declaration.children ?? []) {
      child.parent = reflection
      reflection.addChild(child)
    }
    delete members.declaration.children
  }
  delete reflection.extendedTypes
}

/** What an interface takes from a type of Effect's is shown as its own. */
const hideForeign = (reflection: DeclarationReflection): void => {
  const own = reflection.extendedTypes?.filter((type) => type instanceof ReferenceType && type.reflection !== undefined)
  if (own === undefined || own.length === 0) delete reflection.extendedTypes
  else reflection.extendedTypes = own
}

const pairs = new WeakSet<SomeType>()

/** The tagged enums, by their shapes, which lose their tags. */
const tagged = new Map<string, ReferenceType>()

const shapesOf = ({ types }: UnionType): string => types.map((type) => type.toString()).sort().join()

/** Finds a tagged enum by its constructors, which have the name of its type. */
const nameTagged = ({ name, parent, project, type }: DeclarationReflection): void => {
  const shapes = type instanceof ReferenceType && type.name === "Constructor" ? type.typeArguments?.[0] : undefined
  const siblings = parent instanceof ContainerReflection ? parent.children ?? [] : []
  const named = siblings.find((sibling) => sibling.kindOf(ReflectionKind.TypeAlias) && sibling.name === name)
  if (named === undefined || !(shapes instanceof UnionType)) return
  tagged.set(shapesOf(shapes), ReferenceType.createResolvedReference(name, named, project))
}

/** Gives a type the comment of the schema of the same name. */
const shareComment = (reflection: DeclarationReflection): void => {
  const siblings = reflection.parent instanceof ContainerReflection ? reflection.parent.children ?? [] : []
  const schema = siblings.find(({ kind, name }) => kind === ReflectionKind.Variable && name === reflection.name)
  if (schema?.comment === undefined || (reflection.comment?.summary.length ?? 0) > 0) return
  const tags = reflection.comment?.blockTags ?? []
  reflection.comment = new Comment(Comment.cloneDisplayParts(schema.comment.summary), tags)
}

// ---------------------------------------------------------------------------------------------------------------------
// pages
// ---------------------------------------------------------------------------------------------------------------------

/** Gives each example a page, and the reference one, to which the guides' links to their files lead. */
const addPages = (project: ProjectReflection): void => {
  const modules = project.getReflectionsByKind(ReflectionKind.Module)
  const add = (
    name: string,
    parent: ProjectReflection | DocumentReflection,
    path: string,
    content: ReadonlyArray<Part>
  ) => {
    const page = new DocumentReflection(name, parent, [...content], {})
    parent.addChild(page)
    project.registerReflection(page, undefined, undefined)
    project.files.registerReflection(absolute(path), page)
    return page
  }
  const examples = add("Examples", project, "examples", [{ kind: "text", text: "# Examples\n\n## Programs\n" }])
  for (const file of Fs.globSync("examples/*.ts", { cwd: root }).sort()) {
    const text = `\`\`\`ts\n${Fs.readFileSync(Path.join(root, file), "utf8")}\n\`\`\``
    const name = Path.basename(file)
    const target = add(name, examples, file, [{ kind: "text", text: `# ${file}\n\n${text}` }])
    examples.content.push({ kind: "text", text: "\n- " }, { kind: "inline-tag", tag: "@link", text: name, target })
  }
  add(
    "Reference",
    project,
    "docs/reference/README.md",
    modules.flatMap((module, index): ReadonlyArray<Part> => [
      { kind: "text", text: index === 0 ? "# Reference\n\n- " : "\n- " },
      { kind: "inline-tag", tag: "@link", text: module.name, target: module },
      { kind: "text", text: `: ${module.comment?.summary.map(({ text }) => text).join("").split("\n\n")[0] ?? ""}` }
    ])
  )
  for (const module of modules) {
    const page = `docs/reference/${module.name.replace("@effect-livedesk/", "")}.md`
    project.files.registerReflection(absolute(page), module)
  }
}

const absolute = (path: string): NormalizedPath => normalizePath(Path.join(root, path))

// ---------------------------------------------------------------------------------------------------------------------
// writing
// ---------------------------------------------------------------------------------------------------------------------

/** For the repository: the reference alone, for the guides are there. Takes the guides out of the project. */
export const writeMarkdown = async ({ app, project }: Reference, folder: string): Promise<void> => {
  for (const document of project.documents?.slice() ?? []) project.removeReflection(document)
  delete project.readme
  delete project.documents
  project.groups = (project.groups ?? []).filter(({ title }) => title !== "Documents")
  project.name = "Reference"
  await app.outputs.writeOutput({ name: "markdown", path: folder }, project)
  // What the guides linked to.
  Fs.rmSync(Path.join(folder, "_media"), { recursive: true, force: true })
}
