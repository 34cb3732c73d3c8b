import { Generator, narrow, normal, reference, squeeze, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { AdditiveAttention, DotAttention, LayerError, type Attention, type ForwardOptions } from './index.ts';

// Both attentions against their papers' sums, written out once more as loops over numbers.

use(reference());

type Row = readonly number[];
type Matrix = readonly Row[];
const dot = (a: Row, b: Row): number => a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);
const times = (matrix: Matrix, vector: Row): number[] => matrix.map((row) => dot(row, vector));

async function matrix(t: Tensor | undefined): Promise<number[][]> {
  const [rows = 0, columns = 0] = t?.shape ?? [];
  const data = [...((await t?.data()) ?? [])];
  return Array.from({ length: rows }, (_, k) => data.slice(k * columns, (k + 1) * columns));
}

interface Case { readonly name: string; readonly make: () => Attention; readonly score: (attention: Attention) => Promise<(q: Row, m: Row) => number> }
const [T, B, H, Q] = [4, 3, 2, 3];
const options = { dtype: 'float64', generator: new Generator(1) } as const;
const cases: readonly Case[] = [
  { name: 'dot', make: () => new DotAttention(2), score: () => Promise.resolve(dot) },
  {
    name: 'general',
    make: () => new DotAttention(Q, H, { score: 'general', ...options }),
    score: async (attention) => {
      const w = await matrix((attention as DotAttention).memory?.weight);
      return (q, m) => dot(q, times(w, m));
    },
  },
  {
    name: 'additive',
    make: () => new AdditiveAttention(Q, H, { attentionSize: 5, ...options }),
    score: async (attention) => {
      const { query, memory, score } = attention as AdditiveAttention;
      const [w, u, [v = []]] = [await matrix(query.weight), await matrix(memory.weight), await matrix(score.weight)];
      return (q, m) => dot(v, times(w, q).map((value, k) => Math.tanh(value + (times(u, m)[k] as number))));
    },
  },
];

describe.each(cases)('$name', ({ make, score }) => {
  const attention = make();
  const generator = new Generator(2);
  const [query, memory] = [normal([B, attention.querySize], { dtype: 'float64', generator }), normal([T, B, H], { dtype: 'float64', generator })];

  const expected = async (counts: (t: number, b: number) => boolean): Promise<{ contexts: number[][]; weights: number[][] }> => {
    const [queries, steps, scoreOf] = [await matrix(query), await Promise.all(Array.from({ length: T }, (_, t) => matrix(squeeze(narrow(memory, 0, t, 1), 0)))), await score(attention)];
    const weights = queries.map((q, b) => {
      const powers = steps.map((rows, t) => (counts(t, b) ? Math.exp(scoreOf(q, rows[b] as Row)) : 0));
      const total = powers.reduce((sum, power) => sum + power, 0);
      return powers.map((power) => (total === 0 ? 0 : power / total));
    });
    const contexts = weights.map((row, b) => Array.from({ length: H }, (_, k) => row.reduce((sum, weight, t) => sum + weight * (steps[t]?.[b]?.[k] as number), 0)));
    return { contexts, weights };
  };
  const close = (got: Matrix, wanted: Matrix): void => {
    expect(got.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
    for (const [b, row] of wanted.entries()) for (const [k, value] of row.entries()) expect(got[b]?.[k]).toBeCloseTo(value, 12);
  };

  test.each<[string, ForwardOptions, (t: number, b: number) => boolean]>([
    ['everything', {}, () => true],
    ['lengths', { lengths: [2, 4, 1] }, (t, b) => t < ([2, 4, 1][b] as number)],
    ['a mask with an empty row', { mask: [[1, 0, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0]] }, (t, b) => [[1, 0, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0]][t]?.[b] === 1],
    ['both', { lengths: [3, 4, 2], mask: [[1, 1, 0], [0, 1, 1], [1, 1, 1], [1, 1, 1]] }, (t, b) => t < ([3, 4, 2][b] as number) && [[1, 1, 0], [0, 1, 1], [1, 1, 1], [1, 1, 1]][t]?.[b] === 1],
  ])('weighs the memory as the paper says: %s', async (_, masks, counts) => {
    const { context, weights } = attention.forward(query, memory, masks);
    const wanted = await expected(counts);
    close(await matrix(weights), wanted.weights);
    close(await matrix(context), wanted.contexts);
  });

  test('several steps of queries are those steps one by one', async () => {
    const queries = normal([5, B, attention.querySize], { dtype: 'float64', generator });
    const masks = { lengths: [4, 1, 3] };
    const all = attention.forward(queries, memory, masks);
    expect([all.context.shape, all.weights.shape]).toEqual([[5, B, H], [5, B, T]]);
    const source = attention.prepare(memory, masks);
    for (let s = 0; s < 5; s++) {
      const { context, weights } = attention.attend(squeeze(narrow(queries, 0, s, 1), 0), source);
      close(await matrix(squeeze(narrow(all.context, 0, s, 1), 0)), await matrix(context));
      close(await matrix(squeeze(narrow(all.weights, 0, s, 1), 0)), await matrix(weights));
    }
  });

  test('what does not count is not read', async () => {
    const lengths = [2, 3, 1];
    const data = [...(await memory.data())].map((value, k) => (Math.floor(k / (B * H)) < (lengths[Math.floor(k / H) % B] as number) ? value : NaN));
    const [clean, spoilt] = [attention.forward(query, memory, { lengths }), attention.forward(query, tensor(data, { shape: memory.shape, dtype: 'float64' }), { lengths })];
    expect(await spoilt.context.data()).toEqual(await clean.context.data());
    expect(await spoilt.weights.data()).toEqual(await clean.weights.data());
  });

  test.each([
    ['a memory without rows', () => attention.forward(query, zeros([T, H], { dtype: 'float64' })), /memory must be \(T, B, 2\), got \(4, 2\)/],
    ['other channels', () => attention.forward(query, zeros([T, B, 9], { dtype: 'float64' })), /memory must be \(T, B, 2\), got \(4, 3, 9\)/],
    ['an empty memory', () => attention.forward(query, zeros([0, B, H], { dtype: 'float64' })), /memory must be \(T, B, 2\), got \(0, 3, 2\)/],
    ['other rows', () => attention.forward(zeros([2, attention.querySize], { dtype: 'float64' }), memory), /query must be \(3, \d\), or \(S, 3, \d\) for several steps, with the rows of memory \(4, 3, 2\), got \(2, \d\)/],
    ['another type', () => attention.forward(zeros([B, attention.querySize]), memory), /query is float32, memory is float64/],
    ['ids', () => attention.forward(query, zeros([T, B, H], { dtype: 'int32' })), /memory must be float\d\d, got int32/],
    ['too long a row', () => attention.forward(query, memory, { lengths: [1, 2, 5] }), /lengths must be whole numbers from 1 to T = 4, got 5 for row 2/],
    ['a mask of another shape', () => attention.forward(query, memory, { mask: [[1, 1, 1]] }), /mask must be \(T, B\) = \(4, 3\), got \(1, 3\)/],
  ])('%s is refused', (_, action, message) => {
    expect(action).toThrow(message);
    expect(action).toThrow(LayerError);
  });
});

test('large scores and long memories leave no NaN', async () => {
  const { weights } = new DotAttention(1).forward(tensor([[1e4], [-1e4]]), tensor([[[1], [1]], [[2], [2]], [[9], [-9]]]), { lengths: [2, 3] });
  expect([...(await weights.data())]).toEqual([0, 1, 0, 0, 0, 1]);
});

test('parameters have clear names and PyTorch\'s initial values', async () => {
  expect(new DotAttention(3).parameters()).toEqual({});
  const shapes = (attention: Attention): unknown => Object.entries(attention.stateDict()).map(([name, { shape }]) => [name, shape]);
  expect(shapes(new DotAttention(3, 4, { score: 'general' }))).toEqual([['memory.weight', [3, 4]]]);
  const additive = new AdditiveAttention(30, 4, { attentionSize: 50, generator: new Generator(3) });
  expect(shapes(additive)).toEqual([['query.weight', [50, 30]], ['memory.weight', [50, 4]], ['score.weight', [1, 50]]]);
  for (const [name, bound] of [['query.weight', 1 / Math.sqrt(30)], ['memory.weight', 1 / 2], ['score.weight', 1 / Math.sqrt(50)]] as const) {
    const values = (await additive.stateDict()[name]?.data()) ?? [];
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.8 * bound);
    expect(Math.min(...values)).toBeLessThan(-0.8 * bound);
  }
});

test.each([
  ['a dot product of different sizes', () => new DotAttention(3, 4), 'DotAttention: a dot product needs as many channels in the query as in the memory, got 3 and 4; pass score: \'general\'.'],
  ['an unknown score', () => new DotAttention(3, 3, { score: 'cosine' as never }), 'DotAttention: score must be one of dot, general, got cosine.'],
  ['half a size', () => new AdditiveAttention(1.5, 2), 'AdditiveAttention: querySize must be a whole number from 1, got 1.5.'],
  ['no memory', () => new AdditiveAttention(2, 0), 'AdditiveAttention: memorySize must be a whole number from 1, got 0.'],
  ['no room to meet', () => new AdditiveAttention(2, 2, { attentionSize: -1 }), 'AdditiveAttention: attentionSize must be a whole number from 1, got -1.'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});
