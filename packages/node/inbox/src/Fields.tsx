import type { ComponentChildren } from "preact"

/** What a record has, by name; fields without a value are shown as such. */
export const Fields = ({ of }: { readonly of: ReadonlyArray<readonly [name: string, value: ComponentChildren]> }) => (
  <dl class="fields">
    {of.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value === "" ? <span class="faint">none</span> : <bdi>{value}</bdi>}</dd>
      </div>
    ))}
  </dl>
)
