/**
 * Finds endpoints by method and path, which several endpoints may share.
 *
 * @since 0.1.0
 */
import * as Endpoints from "../Endpoints.ts"

export interface EndpointPlace {
  readonly method: Endpoints.AnyEndpoint["method"]
  readonly path: Endpoints.AnyEndpoint["path"]
  /** Endpoints of one place differ by the type of their body. */
  readonly endpoints: readonly [Endpoints.AnyEndpoint, ...ReadonlyArray<Endpoints.AnyEndpoint>]
}

export const places: ReadonlyArray<EndpointPlace> = Endpoints.all.reduce(
  (places: ReadonlyArray<EndpointPlace>, endpoint): ReadonlyArray<EndpointPlace> => {
    const shared = places.find(({ method, path }) => method === endpoint.method && path === endpoint.path)
    return shared === undefined
      ? [...places, { method: endpoint.method, path: endpoint.path, endpoints: [endpoint] }]
      : places.map((place) => place === shared ? { ...place, endpoints: [...place.endpoints, endpoint] } : place)
  },
  []
)

/** Returns the methods that a server takes at a place. Rails takes PUT for PATCH. */
export const methodsOf = ({ method }: EndpointPlace): ReadonlyArray<EndpointPlace["method"]> =>
  method === "PATCH" ? [method, "PUT"] : [method]

/** Returns the endpoint of a request to a place. */
export const endpointAt = ({ endpoints }: EndpointPlace, isForm: boolean): Endpoints.AnyEndpoint =>
  endpoints.find(({ body }) => (body === "form") === isForm) ?? endpoints[0]

const patterns = places.map((place) => ({ place, path: new RegExp(`${place.path.replaceAll(/:\w+/g, "[^/]+")}$`) }))

/** Returns the operation of a request; for an unknown one, its method and path with ids as `:id`. */
export const operationOf = (method: string, url: string, isForm: boolean): string => {
  const [path = ""] = url.split(/[?#]/)
  const known = patterns.find(({ path: pattern, place }) =>
    methodsOf(place).some((served) => served === method) && pattern.test(path)
  )
  return known === undefined
    ? `${method} ${path.replace(/^\w+:\/\/[^/]*/, "").replaceAll(/\/(?!v\d+\/|[a-z_]+(?:\/|$))[^/]+/g, "/:id")}`
    : endpointAt(known.place, isForm).operation
}
