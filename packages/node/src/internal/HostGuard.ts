/**
 * The names under which an emulator is served. A page of another site could reach it by a name that the site's DNS
 * resolves to here, and pass for a page of the emulator's own.
 *
 * @since 0.1.0
 */
import { isIP } from "node:net"

/** The name of a `Host` header as browsers write it, without the port; none if it is invalid. */
const nameOf = (host: string): string | undefined => {
  // An address, but no user name and no path.
  return /[\s/?#@\\]/.test(host)
    ? undefined
    : URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$|\.$/g, "")
}

/** The name as `rejectionOf` compares it; none if it is no name of a host, or has a port. */
export const parse = (name: string): string | undefined => {
  const bare = isIP(name) === 6 ? `[${name}]` : name
  const parsed = nameOf(bare)
  return parsed === undefined || /:\d*$/.test(bare) || !(isIP(parsed) > 0 || /^[\w.-]+$/.test(parsed))
    ? undefined
    : parsed
}

/**
 * The message for a request to a name that is not allowed. Addresses are safe, as no DNS resolves them, and so are
 * `localhost` and the names below it.
 */
export const rejectionOf = (host: string | undefined, allowed: ReadonlySet<string>): string | undefined => {
  const name = nameOf(host ?? "")
  if (
    name !== undefined &&
    (isIP(name) > 0 || name === "localhost" || name.endsWith(".localhost") || allowed.has(name))
  ) return undefined
  const shown = JSON.stringify((name ?? "").slice(0, 253))
  return `the emulator is not served under the name ${shown}: use an IP address, or allow the name by --allow-host ` +
    "(in NodeEmulator, allowedHosts)"
}
