import type { LoadedText } from '@unroll/recipes';
import { scope, tensor } from '@unroll/tensor';
import { releaseState, retainState } from '@unroll/train';

/** What one gate, or state, of one layer did over a text. */
export interface ValueTrace {
  /** `f_l0`. */
  readonly name: string;
  readonly units: number;
  /** T·H values, those of a step side by side. */
  readonly values: Float32Array;
}

/** What a model did while it read a text. */
export interface TextTrace {
  /** One for each step. */
  readonly symbols: readonly string[];
  readonly traces: readonly ValueTrace[];
}

/** Every gate and state of every layer, at every character of a text. Throws DataError for a text that the model cannot read. */
export async function traceText({ model, vocabulary }: LoadedText, text: string): Promise<TextTrace> {
  const ids = vocabulary.encode(text);
  model.eval();
  const values = scope(() => {
    const embedded = model.embedding.forward(tensor(Int32Array.from(ids), { shape: [ids.length, 1] }));
    return retainState(model.rnn.inspect(embedded).values);
  });
  try {
    const traces = await Promise.all(Object.entries(values).map(async ([name, value]) => ({ name, units: value.shape.at(-1) ?? 0, values: (await value.data()) as Float32Array })));
    const symbols = Array.from(ids, (id) => vocabulary.decode([id]));
    return { symbols, traces };
  } finally {
    releaseState(values);
  }
}

/** Units in the order of how much they change over the text, the liveliest first. */
export function liveliest({ units, values }: ValueTrace): number[] {
  const steps = values.length / units;
  const spread = Array.from({ length: units }, (_, unit) => {
    const column = Array.from({ length: steps }, (_, t) => values[t * units + unit] as number);
    const mean = column.reduce((a, b) => a + b, 0) / steps;
    return column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  });
  return spread.map((_, unit) => unit).sort((a, b) => (spread[b] as number) - (spread[a] as number) || a - b);
}

/** From where to where values lie: 0 to 1 for gates; about 0 for what takes both signs. */
export function rangeOf({ values }: ValueTrace): readonly [low: number, high: number] {
  let [low, high] = [0, 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low >= 0 && high <= 1) return [0, 1];
  const most = Math.max(-low, high);
  return [-most, most];
}
