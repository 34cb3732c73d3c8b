import { cells } from '@unroll/cells';
import { Embedding, Linear, LSTM, Recurrent } from '@unroll/layers';
import { capture, Generator, scope, tensor, use, zeros, type Backend, type Tensor } from '@unroll/tensor';
import { beforeAll, describe, expect, test } from 'vitest';

/** Streams, and whole models captured, on a backend whose memory the host sees: every step gives what the layers give. */
export function streamSuite(name: string, create: () => Promise<Backend>): void {
  describe(`streams on ${name}`, () => {
    beforeAll(async () => { use(await create()); });
    test.each(Object.keys(cells))('%s, step by step', followsSequence);
    test('a model of several modules, as its weights change and the memory grows', followsModel);
  });
}

const numbers = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, k) => Math.sin(seed + k * 1.7));

async function followsSequence(cell: string): Promise<void> {
  using layer = new Recurrent(cells[cell as keyof typeof cells], 5, 6, { numLayers: 2, generator: new Generator(3) });
  using stream = layer.stream(3);
  const steps = Array.from({ length: 7 }, (_, t) => numbers(15, t));
  const streamed = steps.flatMap((x) => [...stream.run(x)[0] ?? []]);
  const whole = await scope(() => layer.forward(tensor(Float32Array.from(steps.flatMap((x) => [...x])), { shape: [7, 3, 5] }))[0]).data();
  expect(Math.max(...whole.map((value, k) => Math.abs(value - (streamed[k] as number))))).toBeLessThan(1e-6);
}

async function followsModel(): Promise<void> {
  const generator = new Generator(3);
  const [embedding, lstm, head] = [new Embedding(10, 8, { generator }), new LSTM(8, 16, { generator }), new Linear(16, 10, { generator })];
  const zeroState = (): readonly [Tensor, Tensor] => [zeros([1, 1, 16]), zeros([1, 1, 16])];
  const forward = (ids: Tensor, state: readonly [Tensor, Tensor]): readonly [Tensor, readonly [Tensor, Tensor]] => {
    const [y, after] = lstm.step(embedding.forward(ids), state);
    return [head.forward(y), after];
  };
  using captured = scope(() => capture(([ids], state) => {
    const [scores, after] = forward(ids, state);
    return { outputs: [scores], state: after };
  }, { inputs: [{ shape: [1], dtype: 'int32' }], state: zeroState() }));
  const ids = [3, 1, 4, 1, 5];
  const expected = (): Tensor => scope(() => {
    let [scores, state] = [zeros([1]), zeroState()];
    for (const id of ids) [scores, state] = forward(tensor([id], { dtype: 'int32' }), state);
    return scores;
  });
  for (const round of [1, 2, 3]) {
    captured.reset();
    const scores = ids.map((id) => [...captured.run([id])[0] ?? []]).at(-1);
    expect(scores).toEqual([...await expected().data()]);
    scope(() => { for (const parameter of [...Object.values(lstm.parameters()), head.weight]) parameter.assign(tensor(numbers(parameter.size, round), { shape: parameter.shape })); });
    zeros([4_000_000]);
  }
}
