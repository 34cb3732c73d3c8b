import { cellFromText, cells, textOf, type Cell } from '@unroll/cells';
import { Rng, TextStreams } from '@unroll/datasets';
import { reference, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { crossEntropy } from '@unroll/train';
import { expect, test } from 'vitest';
import { choose } from './sample.ts';
import { checkpointOf, createTextRun, evaluateText, loadText, resumeText, sampleText, TextModel, textRunConfig, trainText, type StepProgress, type TextProgress, type TextRun } from './index.ts';

use(reference());

const verse = 'A quick brown fox jumps over the lazy dog.\n'.repeat(12);
const small = { hidden: 16, layers: 1, embedding: 8, batch: 4, length: 8, steps: 60, lr: 0.02, seed: 3 } as const;

async function all(run: TextRun, options = {}): Promise<TextProgress[]> {
  const list: TextProgress[] = [];
  for await (const progress of trainText(run, options)) list.push(progress);
  return list;
}

async function write(model: TextModel, run: Pick<TextRun, 'vocabulary'>, options = {}): Promise<string> {
  let text = '';
  for await (const symbol of sampleText(model, run.vocabulary, { length: 40, ...options })) text += symbol;
  return text;
}

const losses = (list: readonly TextProgress[]): number[] => list.filter((progress): progress is StepProgress => progress.kind === 'step').map(({ loss }) => loss);

test.each(Object.keys(cells))('%s learns a verse and writes it', async (cell) => {
  const run = createTextRun(verse, { ...small, cell, steps: 120 });
  const progress = await all(run, { sample: { prompt: 'A qu', temperature: 0, length: 43 } });
  expect(progress.map(({ kind }) => kind)).toEqual(['sample', ...Array.from({ length: 120 }, () => 'step'), 'evaluation', 'sample']);
  expect(losses(progress)[0]).toBeGreaterThan(2.5);
  expect(losses(progress).at(-1)).toBeLessThan(0.25);
  expect(progress.at(-2)).toMatchObject({ step: 120, predictions: run.heldOut.length - 1 });
  const [before, after] = [progress[0], progress.at(-1)].map((sample) => (sample?.kind === 'sample' ? sample.text : ''));
  expect(before).not.toBe(after);
  expect(after).toBe('ick brown fox jumps over the lazy dog.\nA qu');
});

test('evaluations come when asked for, and a run without held-out text has none', async () => {
  const kinds = async (options: object): Promise<string> => (await all(createTextRun(verse, { ...small, steps: 5, ...options }))).map(({ kind, step }) => `${kind[0]}${step}`).join(' ');
  expect(await kinds({ evaluateEvery: 2 })).toBe('s1 s2 e2 s3 s4 e4 s5 e5');
  expect(await kinds({ evaluateEvery: 5 })).toBe('s1 s2 s3 s4 s5 e5');
  expect(await kinds({ evaluateEvery: 2, holdout: 0 })).toBe('s1 s2 s3 s4 s5');
});

test('evaluation is the mean over the text, with the state carried through and without dropout', async () => {
  const run = createTextRun(verse, { ...small, dropout: 0.5 });
  const ids = run.vocabulary.encode(verse).slice(0, 50);
  const result = await evaluateText(run.model, ids, { length: 7, batch: 1 });
  expect(run.model.training).toBe(true);
  run.model.eval();
  const whole = scope(() => crossEntropy(run.model.forward(tensor(ids.slice(0, 49), { shape: [49, 1] }))[0], tensor(ids.slice(1), { shape: [49, 1] })));
  expect(result.loss).toBeCloseTo(await whole.item(), 5);
  expect(result.bitsPerCharacter).toBeCloseTo(result.loss / Math.LN2, 12);
  expect(result.predictions).toBe(49);
  const streams = await evaluateText(run.model, ids, { length: 100, batch: 4 });
  expect(Math.abs(streams.loss - result.loss)).toBeLessThan(0.2);
});

test('sampling repeats with its seed, follows temperature and topK, and streams', async () => {
  const run = createTextRun(verse, small);
  await all(run);
  const [a, b] = [await write(run.model, run, { seed: 1, temperature: 2 }), await write(run.model, run, { seed: 2, temperature: 2 })];
  expect(a).toHaveLength(40);
  expect(a).not.toBe(b);
  expect(await write(run.model, run, { seed: 1, temperature: 2 })).toBe(a);
  const greedy = await write(run.model, run, { temperature: 0 });
  expect(await write(run.model, run, { temperature: 0, seed: 9 })).toBe(greedy);
  expect(await write(run.model, run, { temperature: 5, topK: 1, seed: 9 })).toBe(greedy);
  const pieces: string[] = [];
  for await (const piece of sampleText(run.model, run.vocabulary, { temperature: 0, length: 100 })) if (pieces.push(piece) === 3) break;
  expect(pieces.join('')).toBe(greedy.slice(0, 3));
  expect(run.model.training).toBe(true);
});

test('what is drawn has the probabilities of the scores', () => {
  const rng = new Rng(1);
  const scores = [Math.log(1), Math.log(6), Math.log(3)];
  expect(choose(scores, 0, 3, rng)).toBe(1);
  const near = (got: readonly number[], expected: readonly number[]): void => expected.forEach((value, k) => expect(Math.abs((got[k] as number) / 4000 - value)).toBeLessThan(0.04));
  const draw = (temperature: number, topK: number): number[] => {
    const counts = [0, 0, 0];
    for (let k = 0; k < 4000; k++) {
      const place = choose(scores, temperature, topK, rng);
      counts[place] = (counts[place] as number) + 1;
    }
    return counts;
  };
  near(draw(1, 3), [0.1, 0.6, 0.3]);
  near(draw(1, 2), [0, 2 / 3, 1 / 3]);
  near(draw(0.5, 3), [1 / 46, 36 / 46, 9 / 46]);
  expect(draw(1, 1)).toEqual([0, 4000, 0]);
});

test('bytes: a character appears when its last byte is there', async () => {
  const run = createTextRun('übermäßig '.repeat(40), { ...small, vocabulary: 'bytes', steps: 150 });
  expect(run.vocabulary.size).toBe(256);
  await all(run);
  const pieces: string[] = [];
  for await (const piece of sampleText(run.model, run.vocabulary, { prompt: ' ü', temperature: 0, length: 13 })) pieces.push(piece);
  expect(pieces.join('')).toBe('bermäßig ü');
  expect(pieces).toHaveLength(10);
});

test('a run that is saved and resumed takes the steps that it would have taken', async () => {
  const options = { ...small, layers: 2, dropout: 0.3, steps: 40, cell: 'lstm' };
  const whole = losses(await all(createTextRun(verse, options)));
  const first = createTextRun(verse, options);
  const start: number[] = [];
  for await (const progress of trainText(first)) if (progress.kind === 'step' && start.push(progress.loss) === 25) break;
  const { description, tensors } = checkpointOf(first);
  const resumed = resumeText(verse, JSON.parse(JSON.stringify(description)), tensors);
  first.dispose();
  expect([...start, ...losses(await all(resumed))]).toEqual(whole);
  expect(losses(await all(resumed))).toEqual([]);
  const { description: later, tensors: more } = checkpointOf(resumed);
  const longer = resumeText(verse, later, more, { steps: 42, lr: 1e-3 });
  expect(losses(await all(longer))).toHaveLength(2);
  expect(longer.optimizer.lr).toBe(1e-3);
});

test('documents are read each by itself, side by side, and a run over them goes on to the bit', async () => {
  const documents = Array.from({ length: 30 }, (_, k) => `\n${'ab'.repeat(1 + (k % 7))}c${'de'.repeat(k % 3)}\n`);
  const options = { ...small, length: 5, steps: 40, dropout: 0.2, cell: 'lstm', evaluateEvery: 10 };
  const run = createTextRun(documents, options);
  expect(run.heldOutDocuments?.map(({ length }) => length > 1)).toEqual([true, true, true]);
  expect(run.heldOut).toHaveLength(run.heldOutDocuments?.reduce((sum, { length }) => sum + length, 0) ?? 0);
  const progress = await all(run);
  expect(losses(progress).at(-1)).toBeLessThan((losses(progress)[0] ?? 0) - 0.5);
  const each = await Promise.all((run.heldOutDocuments ?? []).map((ids) => evaluateText(run.model, ids, { batch: 1 })));
  const mean = each.reduce((sum, { loss, predictions }) => sum + loss * predictions, 0) / each.reduce((sum, { predictions }) => sum + predictions, 0);
  for (const length of [3, 64]) for (const batch of [1, 2]) expect((await evaluateText(run.model, run.heldOutDocuments ?? [], { length, batch })).loss).toBeCloseTo(mean, 5);
  expect(progress.at(-1)).toMatchObject({ kind: 'evaluation', loss: expect.closeTo(mean, 5) });

  const first = createTextRun(documents, options);
  for await (const { kind, step } of trainText(first)) if (kind === 'step' && step === 17) break;
  const { description, tensors } = checkpointOf(first);
  expect(losses(await all(resumeText(documents, JSON.parse(JSON.stringify(description)), tensors)))).toEqual(losses(progress).slice(17));
});

test('a checkpoint rebuilds the model, from JSON and tensors', async () => {
  const run = createTextRun(verse, { ...small, cell: 'gru-original', layers: 2 });
  const { description, tensors } = checkpointOf(run);
  expect(Object.keys(tensors)).toEqual(Object.keys(run.model.stateDict()));
  const { training: _, ...alone } = description;
  const loaded = loadText(JSON.parse(JSON.stringify(alone)), tensors);
  expect(loaded.config).toEqual(run.config);
  expect(await write(loaded.model, loaded, { seed: 4 })).toBe(await write(run.model, run, { seed: 4 }));
  expect(() => resumeText(verse, alone, tensors)).toThrow('resumeText: the checkpoint holds a model without its training');
});

// A vector that starts at 1, a gate without a product of x, and a product of something else than h.
const ownText = `
  name two tempos
  state h, c
  vector gain = 1
  i = sigmoid(W_i x + R_i h + b_i)
  f = hardsigmoid(W_f x + R_f (i * h) + b_f)
  c = f * c + gain * i * softsign(R_g h + b_g)
  h = softsign(c)`;

test('a cell of one\'s own trains, is saved with its equations, and comes back without them being known', async () => {
  const run = createTextRun(verse, { ...small, cell: cellFromText(ownText), layers: 2, steps: 50 });
  expect(run.config.cell).toBe('two tempos');
  expect(await run.model.stateDict()['rnn.gain_l1']?.data()).toEqual(new Float32Array(16).fill(1));
  const whole = losses(await all(run));
  expect(whole.at(-1)).toBeLessThan((whole[0] ?? 0) - 0.3);
  const { description, tensors } = checkpointOf(run);
  const json = JSON.parse(JSON.stringify(description)) as object;
  expect(description.cellText).toContain('f = hardsigmoid(');
  const loaded = loadText(json, tensors);
  expect(loaded.config).toEqual(run.config);
  expect(await write(loaded.model, loaded, { seed: 4 })).toBe(await write(run.model, run, { seed: 4 }));

  const first = createTextRun(verse, { ...small, cell: cellFromText(ownText), layers: 2, steps: 50 });
  for await (const progress of trainText(first)) if (progress.step === 12) break;
  const middle = checkpointOf(first);
  const resumed = resumeText(verse, JSON.parse(JSON.stringify(middle.description)), middle.tensors);
  expect(losses(await all(resumed))).toEqual(whole.slice(12));

  const load = (change: object): (() => unknown) => () => loadText({ ...json, ...change }, tensors);
  expect(load({ cellText: undefined })).toThrow('config: cell must be one of rnn,');
  expect(load({ cellText: 3 })).toThrow('checkpoint: cellText must be equations, got 3; the file is damaged.');
  expect(load({ cellText: 'h = tanh(W x + R h' })).toThrow(/^checkpoint: the equations of its cell are damaged: line 1, column 19: [^\n]+$/);
  expect(load({ cellText: textOf(cells.gru) })).toThrow('checkpoint: rnn.weight_ih_l0 must be (48, 8) by its description, got (32, 8)');
  expect(load({ cellText: description.cellText?.replaceAll('gain', 'p_gain') })).toThrow('rnn.p_gain_l0');
});

test('a cell of the registry is its name, however it was given; another of that name is its equations', () => {
  const textOfRun = (cell: Cell | string): string | undefined => checkpointOf(createTextRun(verse, { ...small, cell })).description.cellText;
  expect([textOfRun('gru'), textOfRun(cells.gru)]).toEqual([undefined, undefined]);
  expect(textOfRun(cellFromText('h = tanh(W x + R h)', { name: 'gru' }))).toBe('name gru\nstate h\nh = tanh(W_h x + R_h h)\n');
});

test('a cell without products of x keeps its number of layers', () => {
  const run = createTextRun(verse, { ...small, hidden: 8, layers: 3, cell: cellFromText('h = tanh(R h + x)') });
  const { description, tensors } = checkpointOf(run);
  expect(loadText(description, tensors).model.rnn.numLayers).toBe(3);
  expect(() => loadText({ ...description, config: { ...description.config, layers: 1e9 } }, tensors)).toThrow('there are tensors of 3 recurrent layers, the description says 1000000000');
});

test('a checkpoint that cannot be what it says is refused', () => {
  const run = createTextRun(verse, small);
  const { description, tensors } = checkpointOf(run);
  const load = (change: object, other: Readonly<Record<string, Tensor>> = tensors): (() => unknown) => () => loadText({ ...description, ...change }, other);
  expect(() => loadText(null, tensors)).toThrow('checkpoint: description must be an object, got null; the file is damaged.');
  expect(() => loadText([], tensors)).toThrow('checkpoint: description must be an object, got []');
  expect(load({ kind: 'image' })).toThrow('checkpoint: it describes "image", not a text model');
  expect(load({ version: 2 })).toThrow('checkpoint: its format has version 2, this release reads version 1');
  expect(load({ config: { ...description.config, hidden: 1e9 } })).toThrow('checkpoint: head.weight must be (30, 1000000000) by its description, got (30, 16)');
  expect(load({ config: { ...description.config, layers: 1e9 } })).toThrow('checkpoint: there are tensors of 1 recurrent layers, the description says 1000000000');
  expect(load({ config: { ...description.config, cell: 'gru' } })).toThrow('checkpoint: rnn.weight_ih_l0 must be (48, 8) by its description, got (64, 8)');
  for (const cell of ['toString', undefined, null, 5, cells.lstm, { toString: 1 }]) expect(load({ config: { ...description.config, cell } })).toThrow('config: cell must be one of rnn,');
  expect(load({ vocabulary: { kind: 'bytes' } })).toThrow('checkpoint: embedding.weight must be (256, 8)');
  expect(load({ vocabulary: 3 })).toThrow('vocabularyFromJson');
  expect(load({}, {})).toThrow('checkpoint: embedding.weight must be (30, 8) by its description, got nothing');
  expect(load({ training: { steps: -1 } })).toThrow('checkpoint: training.steps must be a whole number from 0, got -1.');
  const { training } = description;
  const resume = (change: object): (() => unknown) => () => resumeText(verse, { ...description, training: { ...training, ...change } }, tensors);
  expect(resume({ cursor: { epoch: 0, step: 1e6 } })).toThrow('TextStreams.restore: no step 1000000');
  expect(resume({ generator: {} })).toThrow('Generator: the counter must be a whole number');
  expect(() => resumeText('another text, with one ß'.repeat(30), description, tensors)).toThrow('encode: "," (U+002C) at position 12');
});

test.each([
  ['an unknown cell', () => textRunConfig({ cell: 'lstmm' }), `config: cell must be one of ${Object.keys(cells).join(', ')}, got "lstmm".`],
  ['a model of no cell', () => new TextModel({ ...textRunConfig(), cell: 'x' }, 5), `TextModel: there is no cell "x"; there are ${Object.keys(cells).join(', ')}.`],
  ['a cell without parameters', () => createTextRun(verse, { ...small, cell: cellFromText('h = 0.9 * h + x', { name: 'decay' }) }), 'TextModel: the cell "decay" has no parameters, so it cannot learn'],
  ['an empty text', () => createTextRun(''), 'characterVocabulary: the text is empty'],
  ['a short text', () => createTextRun('abc'.repeat(5), small), 'TextStreams: 13 symbols are too few for 4 streams of 9'],
])('%s is refused', (_, action, message) => expect(action).toThrow(message));

test.each([
  ['a temperature below 0', { temperature: -1 }, 'sampleText: temperature must be a number from 0, got -1.'],
  ['no candidates', { topK: 0 }, 'sampleText: topK must be a whole number from 1, got 0.'],
  ['half a length', { length: 0.5 }, 'sampleText: length must be a whole number from 0, got 0.5.'],
  ['a foreign prompt', { prompt: 'Q' }, 'encode: "Q" (U+0051) at position 0'],
])('%s is refused', async (_, options, message) => {
  const run = createTextRun(verse, small);
  await expect(write(run.model, run, options)).rejects.toThrow(message);
});

test('defaults are those of a two-layer LSTM of 128, and the streams of the text', () => {
  expect(textRunConfig()).toMatchObject({ cell: 'lstm', hidden: 128, layers: 2, embedding: 64, batch: 50, length: 50, lr: 2e-3, clip: 1, holdout: 0.1 });
  const run = createTextRun(verse, small);
  expect(run.streams).toBeInstanceOf(TextStreams);
  expect(Object.keys(run.model.stateDict())).toEqual(['embedding.weight', 'rnn.weight_ih_l0', 'rnn.weight_hh_l0', 'rnn.bias_ih_l0', 'rnn.bias_hh_l0', 'head.weight', 'head.bias']);
});
