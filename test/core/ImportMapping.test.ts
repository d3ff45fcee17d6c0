import { ImportMapping } from "@effect-livedesk/core/imports"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { below } from "./Wire.ts"

/** What is wrong with a row: the path and the words of each issue. */
const issuesOf = (read: ReturnType<ImportMapping.ImportMapping["read"]>) =>
  Result.match(read, {
    onFailure: (issues) => issues.map(({ message, path }) => [path.join("."), message] as const),
    onSuccess: () => []
  })

const pathsOf = (read: ReturnType<ImportMapping.ImportMapping["read"]>) => issuesOf(read).map(([path]) => path)

/** A cell, and the text that it stands for. */
const cell: Arbitrary.Arbitrary<readonly [written: unknown, text: string | undefined]> = Arbitrary.all([
  below(9),
  Arbitrary.schema(Schema.Finite),
  Arbitrary.schema(Schema.String)
]).pipe(
  Arbitrary.map(([kind, number, text]) => {
    if (kind < 4) return [[undefined, null, "", " \t"][kind], undefined]
    const whole = Math.round(number) % 2 ** 53
    if (kind < 6) return [whole, String(whole)]
    // Of the others, which are refused, below.
    const plain = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    return kind < 8 ? [` x${plain}x\n`, `x${plain}x`] : ["0", "0"]
  })
)

const cells = { identifier: cell, email: cell, phone_number: cell, name: cell, avatar_url: cell, message: cell }

describe("the mapping of columns", () => {
  it.effect.prop(
    "takes each cell's text without the blanks around it, and leaves out what is blank",
    cells,
    ({ avatar_url, email, identifier, message, name, phone_number }) =>
      Effect.sync(() => {
        const read = ImportMapping.forColumns({ columns: { message: "message" } }).read({
          identifier: identifier[0],
          email: email[0],
          phone_number: phone_number[0],
          name: name[0],
          avatar_url: avatar_url[0],
          message: message[0],
          another: {}
        })
        if (identifier[1] === undefined && email[1] === undefined && phone_number[1] === undefined) {
          assert.deepStrictEqual(pathsOf(read), ["contact"])
          return
        }
        assert.deepStrictEqual(
          read,
          Result.succeed({
            contact: {
              identifier: identifier[1],
              email: email[1],
              phoneNumber: phone_number[1],
              name: name[1],
              avatarUrl: avatar_url[1]
            },
            ...(message[1] === undefined ? {} : { message: { content: message[1] } })
          })
        )
      })
  )

  it("needs no column but one of identifier, email and phone number", () => {
    for (const column of ["identifier", "email", "phone_number"]) {
      assert.isTrue(Result.isSuccess(ImportMapping.columns.read({ [column]: "1" })))
    }
    assert.deepStrictEqual(issuesOf(ImportMapping.columns.read({ name: "Ada" })), [
      ["contact", "give identifier, email or phoneNumber, so that the contact can be found"]
    ])
  })

  it("refuses numbers that JSON does not hold as they were", () => {
    for (const identifier of [JSON.parse("9007199254740993"), 2 ** 53, 1e21, -1e21, 1.5]) {
      const [[path, message] = []] = issuesOf(ImportMapping.columns.read({ identifier }))
      assert.strictEqual(path, "identifier")
      assert.include(message, "write it as text")
    }
    for (const [identifier, text] of [[9007199254740991, "9007199254740991"], [0, "0"], ["1e21", "1e21"]] as const) {
      const read = ImportMapping.columns.read({ identifier })
      assert.strictEqual(Result.getOrThrow(read).contact.identifier, text)
    }
  })

  it("refuses what a spreadsheet has rounded or added to, and characters that no one sees", () => {
    const wrong: ReadonlyArray<readonly [cell: string, says: string]> = [
      ["4.91511E+12", "rounded"],
      ["4,91511e+12", "rounded"],
      ["1.00001E+11", "rounded"],
      ["-4E-3", "rounded"],
      ["'+4915112345676", "apostrophe"],
      ["\u2019+4915112345676", "apostrophe"],
      ["+49151\u200B12345676", "invisible"],
      ["\u202A+4915112345676\u202C", "invisible"],
      ["a\u00ADb", "invisible"],
      ["a\tb", "invisible"],
      ["a\0b", "control"],
      ["a\uD800b", "half a character"]
    ]
    for (const column of ["identifier", "email", "phone_number"]) {
      for (const [cell, says] of wrong) {
        const [[path, message] = []] = issuesOf(ImportMapping.columns.read({ [column]: cell }))
        assert.strictEqual(path, column)
        assert.include(message, says, JSON.stringify(cell))
      }
    }
    assert.include(issuesOf(ImportMapping.columns.read({ email: "mailto:a@acme.inc" }))[0]?.[1], "mailto:")
    for (const column of ["name", "avatar_url"]) {
      assert.deepStrictEqual(pathsOf(ImportMapping.columns.read({ identifier: "1", [column]: "a\0b" })), [column])
      assert.deepStrictEqual(pathsOf(ImportMapping.columns.read({ identifier: "1", [column]: "a\uDC00b" })), [column])
      assert.deepStrictEqual(
        pathsOf(ImportMapping.columns.read({ identifier: "1", [column]: "'t Hooft\n\u{1F468}\u200D\u{1F4BB}" })),
        []
      )
    }
  })

  it("warns of what LiveDesk may refuse", () => {
    const warned = (contact: { readonly email?: string; readonly phoneNumber?: string }) =>
      ImportMapping.warnings({ contact: { identifier: "1", ...contact } }).map(({ path }) => path.join("."))
    assert.deepStrictEqual(warned({ email: "alice@acme.inc", phoneNumber: "+4915112345678" }), [])
    assert.deepStrictEqual(warned({ email: "acme.inc", phoneNumber: "0151 12345678" }), [
      "contact.phoneNumber",
      "contact.email"
    ])
    for (const phoneNumber of ["tel:+4915112345678", "+4915112345678 ext. 9", "+0151", "+1"]) {
      assert.deepStrictEqual(warned({ phoneNumber }), ["contact.phoneNumber"], phoneNumber)
    }
    for (const email of ["mailto: a@acme.inc", "a@acme.inc, b@acme.inc", "@acme.inc", "a@"]) {
      assert.deepStrictEqual(warned({ email }), ["contact.email"], email)
    }
    assert.deepStrictEqual(warned({}), [])
  })

  it("names every column whose cell is neither text nor number", () => {
    assert.deepStrictEqual(
      pathsOf(ImportMapping.columns.read({ identifier: true, email: ["a@acme.inc"], name: {}, message: "Hello." })),
      ["identifier", "email", "name"]
    )
  })
})

/** What is read of a file with these columns: each field with its columns, and the columns that are not read. */
const useOf = (
  mapping: ImportMapping.ImportMapping,
  names: ReadonlyArray<string>
): string | { readonly [field: string]: string } =>
  Result.match(mapping.columns?.(names) ?? Result.fail("it cannot tell"), {
    onFailure: (problem) => problem,
    onSuccess: ({ read, unread }) => ({
      ...Object.fromEntries(read.map(({ columns, field }) => [field, columns.join("+")])),
      unread: unread.join("+")
    })
  })

/** Why none of the rows of a file with these columns could be imported. */
const problemOf = (mapping: ImportMapping.ImportMapping, names: ReadonlyArray<string>): string => {
  const use = useOf(mapping, names)
  return typeof use === "string" ? use : ""
}

describe("the columns of a file", () => {
  it("are found by the names that exports use, whatever their case and the spaces around them", () => {
    const cases: ReadonlyArray<readonly [names: string, use: object]> = [
      ["identifier,Name,E-mail,Phone", {
        identifier: "identifier",
        email: "E-mail",
        phone_number: "Phone",
        name: "Name"
      }],
      ["name, email , PHONE_NUMBER", { email: " email ", phone_number: " PHONE_NUMBER", name: "name" }],
      ["Email,Phone Number,First Name,Last Name,Lifecycle Stage", {
        email: "Email",
        phone_number: "Phone Number",
        name: "First Name+Last Name",
        unread: "Lifecycle Stage"
      }],
      ["Contact ID,Email Address,Mobile,Full Name,Avatar URL,Message", {
        identifier: "Contact ID",
        email: "Email Address",
        phone_number: "Mobile",
        name: "Full Name",
        avatar_url: "Avatar URL",
        unread: "Message"
      }],
      ["Record ID,Surname,Forename", { identifier: "Record ID", name: "Forename+Surname" }],
      // LiveDesk's own name comes before others, a whole name before its parts.
      ["email,E-mail,phone_number,Mobile,name,First Name", {
        email: "email",
        phone_number: "phone_number",
        name: "name",
        unread: "E-mail+Mobile+First Name"
      }],
      ["Email,Work email,Email Address,Phone Number,Mobile Phone Number", {
        email: "Email",
        phone_number: "Phone Number",
        unread: "Work email+Email Address+Mobile Phone Number"
      }]
    ]
    for (const [names, use] of cases) {
      assert.deepStrictEqual(useOf(ImportMapping.columns, names.split(",")), { unread: "", ...use })
    }
  })

  it("without one that says which customer a row is, are named, with what to do", () => {
    assert.strictEqual(
      useOf(ImportMapping.columns, ["Town", "First Name"]),
      "no column says which customer a row is: name the one of identifier, email or phone_number " +
        "(--column email=\"E-mail\"); the file's columns are: \"Town\", \"First Name\""
    )
    const many = Array.from({ length: 50 }, (_, index) => `c${index}`)
    assert.match(problemOf(ImportMapping.columns, many), /"c39" and 10 more$/)
  })

  it("of which two could be the same field, are not guessed", () => {
    assert.include(
      useOf(ImportMapping.columns, ["Phone", "Mobile", "email"]),
      "\"Phone\", \"Mobile\" could each be phone_number: say which (--column phone_number=\"Phone\")"
    )
    assert.deepStrictEqual(
      issuesOf(ImportMapping.columns.read({ Email: "a@acme.inc", "E-Mail": "b@acme.inc" })).map(([path]) => path),
      [""]
    )
    assert.include(
      useOf(ImportMapping.columns, ["Phone Number", "Phone-Number", "Mobile", "email"]),
      "\"Phone Number\", \"Phone-Number\" could each be phone_number"
    )
    const chosen = ImportMapping.forColumns({ columns: { phone_number: "mobile" } })
    assert.deepStrictEqual(useOf(chosen, ["Phone", "Mobile", "email"]), {
      phone_number: "Mobile",
      email: "email",
      unread: "Phone"
    })
  })

  it("that hold a message, are read only where that is asked for", () => {
    for (const column of ["message", "Message", " MESSAGE "]) {
      const row = { email: "a@acme.inc", [column]: "I would like an offer." }
      const read = Result.getOrThrow(ImportMapping.columns.read(row))
      assert.deepStrictEqual([read.message, read.conversation], [undefined, undefined])
      assert.deepStrictEqual(useOf(ImportMapping.columns, Object.keys(row)), { email: "email", unread: column })
      const asked = ImportMapping.forColumns({ columns: { message: column } })
      assert.deepStrictEqual(Result.getOrThrow(asked.read(row)).message, { content: "I would like an offer." })
    }
  })

  it("are not read where the mapping has null for their field", () => {
    const mapping = ImportMapping.forColumns({ columns: { email: null, name: null } })
    const names = ["identifier", "email", "Name"]
    assert.deepStrictEqual(useOf(mapping, names), { identifier: "identifier", unread: "email+Name" })
    const { contact } = Result.getOrThrow(mapping.read({ identifier: "1", email: "wrong", Name: "Ada" }))
    assert.deepStrictEqual([contact.email, contact.name], [undefined, undefined])
    assert.include(
      problemOf(ImportMapping.forColumns({ columns: { email: null } }), ["email"]),
      "no column says which customer a row is"
    )
  })

  it("are named by an issue as the file names them", () => {
    assert.deepStrictEqual(pathsOf(ImportMapping.columns.read({ "E-mail": {}, identifier: "1" })), ["E-mail"])
  })
})

describe("a phone number", () => {
  const digits = (text: string) => text.replaceAll(/\D/g, "")

  /** What people write, and what they do not. */
  const written = Arbitrary.all([
    Arbitrary.schema(Schema.String),
    Arbitrary.schema(Schema.Array(Schema.Literals([..."+0123456789 ./-()", "(0)", "\u2013", "\u00A0", "x"])))
  ]).pipe(Arbitrary.map(([text, parts]) => parts.length === 0 ? text : parts.join("")))

  it.effect.prop(
    "is E.164 with the same digits, or stays as it is, and does not change again",
    { written },
    ({ written }) =>
      Effect.sync(() => {
        const number = ImportMapping.phoneNumber(written)
        if (number !== written) assert.match(number, /^\+[1-9]\d{1,14}$/)
        assert.strictEqual(digits(number), digits(written))
        assert.strictEqual(ImportMapping.phoneNumber(number), number)
        const completed = ImportMapping.phoneNumber(written, "49")
        if (completed !== written) assert.match(completed, /^\+[1-9]\d{1,14}$/)
        assert.strictEqual(ImportMapping.phoneNumber(completed, "49"), completed)
      })
  )

  it("of a plus sign and digits loses what is between them", () => {
    for (
      const text of [
        "+49 170 1001271",
        "+49.170.1001271",
        "+49/170/1001271",
        "+49 (170) 100-1271",
        " +49\u00A0170 100\u20131271 "
      ]
    ) {
      assert.strictEqual(ImportMapping.phoneNumber(text), "+491701001271", text)
      assert.strictEqual(ImportMapping.phoneNumber(text, "43"), "+491701001271", text)
    }
  })

  it("that is not certain stays as it is", () => {
    for (
      const text of [
        "0170/1001271",
        "0049 170 1001271",
        "+49 (0)170 1001271",
        "49 170 1001271",
        "+49 170 1001271 ext. 9",
        "+49 170 1001271 / +49 171 1001271",
        "+0170 1001271",
        ""
      ]
    ) {
      assert.strictEqual(ImportMapping.phoneNumber(text), text)
    }
  })

  it("without a country code gets the given one", () => {
    for (
      const text of ["0170/1001271", "(0170) 1001271", "0049 170 1001271", "+49 (0)170 1001271", "0049 (0) 170-1001271"]
    ) {
      assert.strictEqual(ImportMapping.phoneNumber(text, "49"), "+491701001271", text)
    }
    for (const text of ["170 1001271", "+43 (0)170 1001271", "0", "00", "0170 x"]) {
      assert.strictEqual(ImportMapping.phoneNumber(text, "49"), text)
    }
  })

  it("is read so from a column, by its mapping's country code", () => {
    const read = (phone: string, countryCode?: string) =>
      Result.getOrThrow(ImportMapping.forColumns({ countryCode }).read({ Phone: phone })).contact.phoneNumber
    assert.strictEqual(read("+49 170 1001271"), "+491701001271")
    assert.strictEqual(read("0170/1001271"), "0170/1001271")
    assert.strictEqual(read("0170/1001271", "49"), "+491701001271")
  })

  it("gets no country code that is none, or whose numbers keep their 0", () => {
    for (
      const [countryCode, says] of [["+49", "such as 49"], ["049", "such as 49"], ["39", "keep their first 0"]] as const
    ) {
      assert.include(problemOf(ImportMapping.forColumns({ countryCode }), ["Phone"]), says)
    }
  })
})

describe("a mapping for columns", () => {
  const mapping = ImportMapping.forColumns({
    columns: { identifier: "Customer no", name: ["First Name", "Last Name"] },
    attributes: { plan: "Plan", seats: "Seats" },
    message: "Hello {First Name}, {{your}} plan is {plan}."
  })
  const row = { "Customer no": 7, "First Name": " Ada ", "Last Name": "", Plan: "pro", Seats: 3, message: "unread" }

  it("reads what it names, and fills in the message", () => {
    assert.deepStrictEqual(
      mapping.read(row),
      Result.succeed({
        contact: {
          identifier: "7",
          email: undefined,
          phoneNumber: undefined,
          name: "Ada",
          avatarUrl: undefined
        },
        customAttributes: { plan: "pro", seats: 3 },
        message: { content: "Hello Ada, {your} plan is pro." }
      })
    )
    assert.deepStrictEqual(useOf(mapping, Object.keys(row)), {
      identifier: "Customer no",
      name: "First Name+Last Name",
      "custom_attributes.plan": "Plan",
      "custom_attributes.seats": "Seats",
      message: "First Name+Plan",
      unread: "message"
    })
  })

  it("rejects a row that has nothing for a part of the message", () => {
    assert.deepStrictEqual(issuesOf(mapping.read({ ...row, "First Name": " ", Plan: null })), [
      ["First Name", "is empty, and the message needs it"],
      ["Plan", "is empty, and the message needs it"]
    ])
  })

  it("that cannot be used says so of every file and row", () => {
    const wrong: ReadonlyArray<readonly [object, string]> = [
      [{ columns: { email: 5 } }, "columns.email"],
      [{ column: {} }, "column"],
      [{ message: "Hello {First Name" }, "message: expected each brace with its pair"],
      [{ message: "Hello {}" }, "message: expected each brace with its pair"],
      [{ message: "Hello }}}" }, "message: expected each brace with its pair"],
      [{ message: " " }, "message: expected a message that is not blank"]
    ]
    for (const [asked, problem] of wrong) {
      // As a program without types may have it.
      const mapping = ImportMapping.forColumns(asked)
      assert.include(problemOf(mapping, ["email"]), `the mapping cannot be used: ${problem}`)
      assert.lengthOf(issuesOf(mapping.read({ email: "a@acme.inc" })), 1)
    }
  })

  it("reports every column that it names and the file has not", () => {
    const problem = problemOf(mapping, ["Customer no", "Name"])
    for (const name of ["First Name", "Last Name", "Plan", "Seats"]) {
      assert.include(problem, `there is no column ${JSON.stringify(name)}`)
    }
    assert.match(problem, /the file's columns are: "Customer no", "Name"$/)
  })

  it("rejects a rounded number in an attribute, in a joined name and in a message", () => {
    const mapping = ImportMapping.forColumns({
      columns: { identifier: "id", name: ["first", "last"] },
      attributes: { order: "order" },
      message: "Your parcel {parcel} is there."
    })
    const rounded = JSON.parse("9007199254740993")
    const row = { id: "7", first: "Ada", last: 1, order: 2, parcel: 3 }
    assert.deepStrictEqual(pathsOf(mapping.read(row)), [])
    assert.deepStrictEqual(pathsOf(mapping.read({ ...row, last: rounded })), ["last"])
    assert.deepStrictEqual(pathsOf(mapping.read({ ...row, order: rounded })), ["custom_attributes.order"])
    assert.deepStrictEqual(pathsOf(mapping.read({ ...row, parcel: rounded })), ["parcel"])
  })

  it("gives an attribute nothing for an empty cell", () => {
    for (const Seats of ["", " \t", null, undefined]) {
      const { customAttributes } = Result.getOrThrow(mapping.read({ ...row, Plan: " pro ", Seats }))
      assert.deepStrictEqual(customAttributes, { plan: "pro" })
    }
  })
})

describe("a mapping of a program's own", () => {
  it("names every column that its schema rejects, and is not asked for the row", () => {
    let asked = 0
    const mapping = ImportMapping.make(
      Schema.Struct({ "E-mail": Schema.String, "Customer no": Schema.NonEmptyString }),
      (row) => {
        asked++
        return { contact: { identifier: row["Customer no"], email: row["E-mail"] } }
      }
    )
    assert.deepStrictEqual(pathsOf(mapping.read({ "E-mail": 1, "Customer no": "" })), ["E-mail", "Customer no"])
    assert.strictEqual(asked, 0)
    assert.deepStrictEqual(
      mapping.read({ "E-mail": "a@acme.inc", "Customer no": "7", Town: "Ulm" }),
      Result.succeed({ contact: { identifier: "7", email: "a@acme.inc" } })
    )
  })

  it("rejects the numbers that it reads and that were rounded, wherever they are", () => {
    const column = Schema.optional(Schema.Unknown)
    const mapping = ImportMapping.make(
      Schema.Struct({
        no: Schema.optional(Schema.Number),
        text: Schema.optional(Schema.FiniteFromString),
        more: column,
        mail: column
      }),
      ({ more, no, text }) => ({
        contact: { identifier: `${no ?? text ?? "7"}` },
        ...(more === undefined ? {} : { customAttributes: { more: "more" } })
      })
    )
    const [rounded, exact] = [JSON.parse("9007199254740993"), 9007199254740991]
    assert.deepStrictEqual(pathsOf(mapping.read({ no: rounded, more: { orders: [1, { id: rounded }] } })), [
      "no",
      "more.orders.1.id"
    ])
    assert.deepStrictEqual(issuesOf(mapping.read({ no: JSON.parse("1e400") }))[0]?.[0], "no")
    assert.deepStrictEqual(issuesOf(mapping.read({ text: "9007199254740993" })), [
      ["text", "a number does not hold it as it is: read the column as text"]
    ])
    // Beside what the schema rejects itself.
    assert.deepStrictEqual(pathsOf(mapping.read({ no: "x", more: rounded })), ["no", "more"])
    // Once, where the schema rejects it too.
    const strict = ImportMapping.make(
      Schema.Struct({ no: Schema.Int, text: Schema.optional(Schema.Unknown) }),
      ({ no }) => ({ contact: { identifier: String(no) } })
    )
    assert.deepStrictEqual(pathsOf(strict.read({ no: rounded, text: rounded })), ["no", "text"])
    for (const row of [{ no: exact }, { no: 1.5 }, { text: "0.25" }, { more: [exact, -0.5] }, { unread: rounded }]) {
      assert.deepStrictEqual(pathsOf(mapping.read(row)), [], JSON.stringify(row))
    }
  })

  it("tells by its schema which columns a file must have, and which are not read", () => {
    const mapping = ImportMapping.make(
      Schema.Struct({ mail: Schema.String, no: Schema.optional(Schema.String) }).pipe(
        Schema.encodeKeys({ mail: "E-mail" })
      ),
      ({ mail }) => ({ contact: { email: mail } })
    )
    assert.deepStrictEqual(useOf(mapping, ["E-mail", "Town"]), { "E-mail": "E-mail", unread: "Town" })
    assert.strictEqual(
      problemOf(mapping, ["mail"]),
      "there is no column \"E-mail\"; the file's columns are: \"mail\""
    )
    const any = ImportMapping.make(Schema.Record(Schema.String, Schema.Unknown), () => ({ contact: {} }))
    assert.isUndefined(any.columns)
    assert.deepStrictEqual(pathsOf(any.read({ anything: JSON.parse("9007199254740993") })), ["anything"])
  })

  it("that throws rejects the row, and says what it threw", () => {
    const mapping = ImportMapping.make(Schema.Struct({}), () => {
      throw new Error("no such customer")
    })
    assert.deepStrictEqual(issuesOf(mapping.read({})), [["", "the mapping failed: Error: no such customer"]])
  })

  // As a program without types may have it.
  const Anything = Schema.declare((u): u is ImportMapping.ImportInput => typeof u === "object")
  const { read } = ImportMapping.make(Anything, (input) => input)

  it("reports all faults of a row at once, and passes on a row without faults as it is", () => {
    const faults = [
      "contact.name",
      "contact.avatarUrl",
      "message.content",
      "customAttributes",
      "contact",
      "conversation"
    ] as const
    for (let chosen = 0; chosen < 2 ** faults.length; chosen++) {
      const chosenFaults = faults.filter((_, index) => (chosen & 2 ** index) !== 0)
      const has = (fault: typeof faults[number]) => chosenFaults.includes(fault)
      const input = {
        contact: {
          name: has("contact.name") ? 5 : "Ada",
          avatarUrl: has("contact.avatarUrl") ? 5 : "https://acme.inc/ada.png",
          identifier: has("contact") ? " " : "1"
        },
        message: { content: has("message.content") ? 5 : "Hello." },
        customAttributes: { plan: has("customAttributes") ? 10n : "pro" },
        conversation: !has("conversation")
      }
      const row = read(input)
      assert.deepStrictEqual(pathsOf(row), chosenFaults)
      if (chosenFaults.length === 0) assert.strictEqual<unknown>(Result.getOrThrow(row), input)
    }
  })

  it("needs no conversation for a contact alone, and one for a message", () => {
    for (const conversation of [undefined, true, false]) {
      const contact = { identifier: "1" }
      assert.isTrue(Result.isSuccess(read({ contact, conversation })))
      assert.deepStrictEqual(
        issuesOf(read({ contact, conversation, message: { content: "Hello." } })),
        conversation === false
          ? [["conversation", "a message needs a conversation: leave it out, or set it to true"]]
          : []
      )
    }
  })

  it("rejects half a character in any text, by name", () => {
    const half = "half an emoji: \ud83d"
    const row = {
      contact: { identifier: "1", name: half },
      customAttributes: { note: half },
      message: { content: half }
    }
    assert.deepStrictEqual(pathsOf(read(row)), ["contact.name", "customAttributes.note", "message.content"])
  })
})
