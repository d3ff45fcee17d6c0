/** Collects the spans that are made. */
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"

export const collecting = (spans: Array<Tracer.NativeSpan>): Layer.Layer<never> =>
  Layer.succeed(
    Tracer.Tracer,
    Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
  )
