import { Rng, type Vocabulary } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { scope, tensor } from '@unroll/tensor';
import { releaseState, retainState } from '@unroll/train';
import type { SequenceModel } from './model.ts';
import type { Sample, SampleRequest } from './protocol.ts';

/** Text that a model writes, and what one of its values did at each character. */
export async function sampleOf(model: SequenceModel, vocabulary: Vocabulary, request: SampleRequest): Promise<Sample> {
  const { prompt, value } = request;
  const known = knownPart(prompt, vocabulary);
  const ids = await drawn(model, vocabulary, known, request);
  const all = [...known, ...ids];
  const seen = scope(() => model.rnn.inspect(model.encode(tensor(Int32Array.from(all), { shape: [all.length, 1] })), undefined, { values: [value] }).values[`${value}_l0`]);
  try {
    const values = ((await seen?.data()) ?? new Float32Array()) as Float32Array;
    return { characters: all.map((id) => vocabulary.decode([id])), prompted: known.length, hidden: model.rnn.hiddenSize, value, values };
  } finally {
    seen?.dispose();
  }
}

/** Draws ids one after the other, with the state carried on. */
async function drawn(model: SequenceModel, vocabulary: Vocabulary, prompt: readonly number[], { length, temperature, seed }: SampleRequest): Promise<number[]> {
  const rng = new Rng(seed);
  const ids: number[] = [];
  let reading: readonly number[] = prompt;
  let state: RecurrentState | undefined;
  try {
    while (ids.length < length) {
      const { scores, next } = scope(() => {
        const [output, after] = model.rnn.forward(model.encode(tensor(Int32Array.from(reading), { shape: [reading.length, 1] })), state);
        return { scores: model.head.forward(output), next: retainState(after) };
      });
      releaseState(state);
      state = next;
      const read = (await scores.data()).slice(-vocabulary.size);
      scores.dispose();
      const id = choose(read, temperature, rng);
      ids.push(id);
      reading = [id];
    }
    return ids;
  } finally {
    releaseState(state);
  }
}

/** Draws an index with probability proportional to exp(score / temperature); temperature 0 takes the largest. */
export function choose(scores: ArrayLike<number>, temperature: number, rng: Rng): number {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if ((scores[k] as number) > (scores[best] as number)) best = k;
  if (temperature === 0) return best;
  const weights = Array.from(scores, (score) => Math.exp((score - (scores[best] as number)) / temperature));
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  return found < 0 ? best : found;
}

/** The letters of a prompt that the vocabulary has; a line break, or whatever there is, where none is left. */
function knownPart(prompt: string, vocabulary: Vocabulary): number[] {
  const letters = new Map(Array.from({ length: vocabulary.size }, (_, id) => [vocabulary.decode([id]), id] as const));
  const known = Array.from(prompt).flatMap((letter) => letters.get(letter) ?? []);
  return known.length > 0 ? known : [letters.get('\n') ?? letters.get(' ') ?? 0];
}
