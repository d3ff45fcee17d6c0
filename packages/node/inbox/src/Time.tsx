const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" })

const another = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })

/** A time of today, or of another day with its date; all of it is the title. */
export const Time = ({ at }: { readonly at: number }) => (
  <time dateTime={new Date(at).toISOString()} title={day.format(at)}>
    {(new Date(at).toDateString() === new Date().toDateString() ? clock : another).format(at)}
  </time>
)

const moment = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit"
})

/** The browser's time zone, by its name. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** A day and a time of it, with the time zone. */
export const Moment = ({ at }: { readonly at: number }) => (
  <time dateTime={new Date(at).toISOString()}>{moment.format(at)} ({zone})</time>
)

export const took = (millis: number): string => millis < 1000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`
