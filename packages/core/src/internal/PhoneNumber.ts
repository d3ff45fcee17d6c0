/**
 * Phone numbers as files have them, and the E.164 that they certainly are.
 *
 * @since 0.1.0
 */

/** What people put between digits: spaces, dots, slashes, brackets and dashes. */
const separators = /[\s./()\-\u2010-\u2015\u2212]/g

/** The number without what people put between digits. */
export const compact = (text: string): string => text.replaceAll(separators, "")

/** E.164, as Chatwoot requires it (unverified). */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{1,14}$/.test(text)

/**
 * The country codes of which numbers keep a 0 at their beginning, also behind the code: Italy, the Ivory Coast, Gabon, the
 * Congo, San Marino and the Vatican.
 */
const keepsZero: ReadonlySet<string> = new Set(["39", "225", "241", "242", "378", "379"])

/** What is wrong with a country code whose numbers are to be completed. */
export const countryCodeProblem = (code: string): string | undefined => {
  if (!/^[1-9]\d{0,2}$/.test(code)) return "expected the digits of a country code, such as 49"
  return keepsZero.has(code)
    ? `numbers of +${code} keep their first 0, which a country code would replace: write them with +${code}`
    : undefined
}

/** No subscriber has a number of fewer than 7 digits, the country code's included. */
const shortest = "+1234567".length

/**
 * The number in E.164, if that is certain; else the text as it is. With a country code, a first 0 stands for it, and a
 * first 00 for the plus sign.
 */
export const normalize = (text: string, countryCode?: string): string => {
  const number = completed(text, countryCode)
  return isE164(number) && number.length >= shortest ? number : text
}

const completed = (text: string, countryCode: string | undefined): string => {
  const [code = "", ...others] = text.split(/\(\s*0\s*\)/).map(compact)
  if (others.length > 0) {
    // Of most countries such a 0 is left out behind the code, of some it is not.
    return countryCode !== undefined && ["", `+${countryCode}`, `00${countryCode}`].includes(code)
      ? `+${countryCode}${others.join("")}`
      : text
  }
  if (countryCode === undefined || !code.startsWith("0")) return code
  return code.startsWith("00") ? `+${code.slice(2)}` : `+${countryCode}${code.slice(1)}`
}
