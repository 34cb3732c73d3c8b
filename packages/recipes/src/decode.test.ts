import { gru, lstm } from '@unroll/cells';
import { Decoder, DotAttention, Encoder, EncoderDecoder } from '@unroll/layers';
import { add, embedding, Generator, linear, mul, normal, reference, squeeze, tanh, tensor, unsqueeze, use, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { beamSearch, createTextRun, decodeStep, greedyDecode, sampleText, trainText, type DecodeStep, type Hypothesis } from './index.ts';

use(reference());

/** A step whose scores depend on all symbols before: h ← tanh(0.7 h + E[id]), logits = 3 W h. Its state is (1, N, 4). */
function network(symbols: number, seed: number): { step: DecodeStep<Tensor>; initial: (rows: number) => Tensor } {
  const generator = new Generator(seed);
  const [table, weight] = [normal([symbols, 4], { generator }), normal([symbols, 4], { generator })];
  return {
    initial: (rows) => normal([1, rows, 4], { generator: new Generator(seed + 1) }),
    step: (ids, state) => {
      const next = tanh(add(mul(squeeze(state, 0), 0.7), embedding(table, ids)));
      return { logits: mul(linear(next, weight), 3), state: unsqueeze(next, 0) };
    },
  };
}

/** A step that knows only the last symbol; rows of `table` are probabilities. */
function chain(table: readonly (readonly number[])[]): DecodeStep<undefined> {
  return (ids) => ({ logits: embedding(tensor(table.map((row) => row.map(Math.log))), ids), state: undefined });
}

/** log P of every sequence of at most `maxLength` symbols, by walking through all of them. */
async function everySequence({ step, initial }: ReturnType<typeof network>, end: number, maxLength: number): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  const walk = async (ids: readonly number[], logProbability: number, state: Tensor): Promise<void> => {
    const { logits, state: next } = step(tensor([ids.at(-1) ?? 1], { dtype: 'int32' }), state);
    const scores = [...(await logits.data())];
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    for (const [id, score] of scores.entries()) {
      const reached = logProbability + score - total;
      if (id === end) all.set(`${ids.join('')}.`, reached);
      else if (ids.length + 1 === maxLength) all.set([...ids, id].join(''), reached);
      else await walk([...ids, id], reached, next);
    }
  };
  await walk([], 0, initial(1));
  return all;
}

const written = ({ ids, ended }: Pick<Hypothesis, 'ids' | 'ended'>): string => ids.join('') + (ended ? '.' : '');

test.each([0, 0.6, 1, 3])('with beams for all sequences it finds the order of all sequences, length penalty %f', async (lengthPenalty) => {
  for (const seed of [1, 2, 3]) {
    const one = network(3, seed);
    const all = await everySequence(one, 0, 4);
    expect([...all.values()].reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 5);
    const [found = []] = await beamSearch(one.step, { start: [1], state: one.initial(1), end: 0, maxLength: 4, beams: 40, lengthPenalty });
    const scored = [...all].map(([text, value]) => ({ text, value, score: value / ((5 + text.length) / 6) ** lengthPenalty })).toSorted((a, b) => b.score - a.score);
    expect(found.map(written)).toEqual(scored.map(({ text }) => text));
    for (const [k, { logProbability, score }] of found.entries()) {
      expect(logProbability).toBeCloseTo(scored[k]?.value as number, 4);
      expect(score).toBeCloseTo(scored[k]?.score as number, 4);
    }
  }
});

test('greedy takes the likeliest symbol, beams look further', async () => {
  // 1 is likelier than 2, but what follows 2 is certain.
  const step = chain([[0, 0.6, 0.4, 0], [0, 0, 0.3, 0.7], [0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25]]);
  const options = { start: [0], state: undefined, end: 3, maxLength: 5 };
  const [greedy] = await greedyDecode(step, options);
  expect(greedy).toEqual({ ids: [1], ended: true, logProbability: expect.closeTo(Math.log(0.6 * 0.7), 5) as number });
  const [found = []] = await beamSearch(step, { ...options, beams: 2, lengthPenalty: 0 });
  expect(found.map(written)).toEqual(['1.', '2.']);
  const other = chain([[0, 0.6, 0.4, 0], [0, 0, 0.6, 0.4], [0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25]]);
  expect((await greedyDecode(other, options)).map(({ ids }) => ids)).toEqual([[1, 2]]);
  expect((await beamSearch(other, { ...options, beams: 2, lengthPenalty: 0 }))[0]?.map(written)).toEqual(['2.', '12.']);
});

test('a larger length penalty prefers longer sequences', async () => {
  // 0.4 for the empty sequence, 0.6 · 0.6 for the one of a symbol.
  const step = chain([[0, 0.6, 0.4], [0, 0.4, 0.6], [0.2, 0.4, 0.4]]);
  const first = async (lengthPenalty: number): Promise<string> => written((await beamSearch(step, { start: [0], state: undefined, end: 2, beams: 3, maxLength: 3, lengthPenalty }))[0]?.[0] as Hypothesis);
  expect(await first(0)).toBe('.');
  expect(await first(1)).toBe('1.');
});

test('one beam without a length penalty is greedy decoding', async () => {
  for (const seed of [4, 5, 6, 7]) {
    const { step, initial } = network(6, seed);
    const options = { start: [1, 2, 3], state: initial(3), end: 0, maxLength: 12 };
    const greedy = await greedyDecode(step, options);
    const beams = await beamSearch(step, { ...options, beams: 1, lengthPenalty: 0 });
    expect(beams.map(([found]) => written(found as Hypothesis))).toEqual(greedy.map(written));
    for (const [k, { logProbability }] of greedy.entries()) expect(beams[k]?.[0]?.logProbability).toBeCloseTo(logProbability, 4);
  }
});

test('rows of a batch are decoded as each alone, however early others end', async () => {
  const { step, initial } = network(5, 8);
  const options = { start: [1, 4, 2, 3], state: initial(4), end: 0, maxLength: 9, beams: 3 };
  const together = await beamSearch(step, options);
  const states = await options.state.data();
  expect(new Set(together.map(([best]) => best?.ids.length)).size).toBeGreaterThan(1);
  for (const [row, id] of options.start.entries()) {
    const state = tensor(states.slice(row * 4, row * 4 + 4), { shape: [1, 1, 4] });
    expect(await beamSearch(step, { ...options, start: [id], state })).toEqual([together[row]]);
  }
});

test('without an end all sequences are as long as asked for, and best first', async () => {
  const { step, initial } = network(5, 9);
  const options = { start: [1], state: initial(1), maxLength: 6 };
  const [found = []] = await beamSearch(step, options);
  expect(found.map(({ ids, ended }) => [ids.length, ended])).toEqual(Array.from({ length: 4 }, () => [6, false]));
  expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).toSorted((a, b) => b - a));
  const [greedy] = await greedyDecode(step, options);
  expect(greedy?.ids).toHaveLength(6);
  expect(found[0]?.logProbability).toBeGreaterThanOrEqual((greedy?.logProbability as number) - 1e-5);
  expect(await greedyDecode(step, { ...options, maxLength: 0 })).toEqual([{ ids: [], logProbability: 0, ended: false }]);
  expect(await beamSearch(step, { ...options, maxLength: 0 })).toEqual([[]]);
});

test('states in arrays and objects are reordered, others by select', async () => {
  const { step, initial } = network(4, 10);
  const options = { start: [1, 2], end: 0, maxLength: 7, beams: 3 };
  const expected = await beamSearch(step, { ...options, state: initial(2) });
  const wrapped: DecodeStep<{ parts: readonly [Tensor, undefined]; name: string }> = (ids, { parts: [h], name }) => {
    const { logits, state } = step(ids, h);
    return { logits, state: { parts: [state, undefined], name } };
  };
  expect(await beamSearch(wrapped, { ...options, state: { parts: [initial(2), undefined], name: 'x' } })).toEqual(expected);
  const flat: DecodeStep<Tensor> = (ids, h) => {
    const { logits, state } = step(ids, unsqueeze(h, 0));
    return { logits, state: squeeze(state, 0) };
  };
  expect(await beamSearch(flat, { ...options, state: squeeze(initial(2), 0), select: (state, rows) => embedding(state, rows) })).toEqual(expected);
});

test('a language model: greedy decoding writes what sampling without temperature writes', async () => {
  const verse = 'A quick brown fox jumps over the lazy dog.\n'.repeat(12);
  const run = createTextRun(verse, { hidden: 16, layers: 1, embedding: 8, batch: 4, length: 8, steps: 60, lr: 0.02, seed: 3, cell: 'gru' });
  for await (const _ of trainText(run)) { /* learns */ }
  run.model.eval();
  let sampled = '';
  for await (const symbol of sampleText(run.model, run.vocabulary, { prompt: 'q', temperature: 0, length: 20 })) sampled += symbol;
  const options = { start: run.vocabulary.encode('q'), state: undefined, maxLength: 20 };
  const [greedy] = await greedyDecode(decodeStep(run.model), options);
  expect(run.vocabulary.decode(greedy?.ids ?? [])).toBe(sampled);
  const [found = []] = await beamSearch(decodeStep(run.model), options);
  expect(found[0]?.logProbability).toBeGreaterThanOrEqual((greedy?.logProbability as number) - 1e-4);
});

test.each([gru, lstm])('an encoder-decoder over $name: what is found has the probability that teacher forcing gives it', async (cell) => {
  const generator = new Generator(2);
  const options = { generator };
  const attention = new DotAttention(6, 10, { score: 'general', ...options });
  const model = new EncoderDecoder(new Encoder(cell, 7, 4, 5, { bidirectional: true, ...options }), new Decoder(cell, 8, 4, 6, { attention, ...options }), { start: 1, ...options }).eval();
  const source = tensor([[1, 2, 3], [4, 5, 6], [6, 0, 2]], { dtype: 'int32' });
  const lengths = [3, 1, 2];
  const search = await beamSearch((ids, state) => model.step(ids, state), { start: [1, 1, 1], state: model.encode(source, { lengths }), end: 0, maxLength: 6, beams: 3 });
  for (const [row, found] of search.entries()) {
    for (const { ids, ended, logProbability } of found) {
      const targets = [...ids, ...(ended ? [0] : [])];
      const columns = tensor(targets.map((id) => [0, 1, 2].map((other) => (other === row ? id : 0))), { dtype: 'int32' });
      const logits = [...(await model.forward(source, columns, { lengths }).data())];
      const forced = targets.reduce((sum, id, t) => {
        const scores = logits.slice((t * 3 + row) * 8, (t * 3 + row + 1) * 8);
        return sum + (scores[id] as number) - Math.log(scores.reduce((total, score) => total + Math.exp(score), 0));
      }, 0);
      expect(logProbability).toBeCloseTo(forced, 4);
    }
  }
});

const uniform = chain([[0.5, 0.5], [0.5, 0.5]]);
const usual = { start: [0], state: undefined };
test.each([
  ['no row', () => greedyDecode(uniform, { ...usual, start: [] }), 'greedyDecode: start must have the first id of each row, whole numbers from 0, got [].'],
  ['half an id', () => beamSearch(uniform, { ...usual, start: [0.5] }), 'beamSearch: start must have the first id of each row, whole numbers from 0, got [0.5].'],
  ['a negative end', () => greedyDecode(uniform, { ...usual, end: -1 }), 'greedyDecode: end must be an id, a whole number from 0, got -1.'],
  ['half a length', () => greedyDecode(uniform, { ...usual, maxLength: 1.5 }), 'greedyDecode: maxLength must be a whole number from 0, got 1.5.'],
  ['no beam', () => beamSearch(uniform, { ...usual, beams: 0 }), 'beamSearch: beams must be a whole number from 1, got 0.'],
  ['a negative penalty', () => beamSearch(uniform, { ...usual, lengthPenalty: -1 }), 'beamSearch: lengthPenalty must be a number from 0, got -1.'],
  ['scores of a sequence', () => greedyDecode((ids) => ({ logits: unsqueeze(embedding(tensor([[1, 2]]), ids), 0), state: undefined }), usual), 'greedyDecode: the step must give logits (1, V) for 1 ids, got (1, 1, 2).'],
  ['NaN', () => beamSearch((ids) => ({ logits: mul(embedding(tensor([[1, 2]]), ids), NaN), state: undefined }), usual), 'beamSearch: no symbol can be number 1 of the sequence, since all logits are NaN or -Infinity'],
  ['a state with rows elsewhere', () => beamSearch(uniform as DecodeStep<unknown>, { ...usual, state: tensor([[1, 2]]) }), 'beamSearch: the tensors of a state must have their 1 rows on axis 1, got (1, 2); pass select.'],
])('%s is refused', async (_, action, message) => {
  await expect(action()).rejects.toThrow(message);
  await expect(action()).rejects.toMatchObject({ name: 'RecipeError', code: 'argument' });
});
