import { cellFromText } from '@unroll/cells';
import { characterVocabulary, choraleSet, lineSet, pairSet, pairSymbols, sequenceSet, splitIndices, subset, type SequenceSet } from '@unroll/datasets';
import { reference, use, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { checkpointOf, classify, evaluate, evaluateSequences, RecipeError, tag, train, translate, type AnyRun, type MeasuredProgress, type SequenceEvaluation, type SequenceRun } from './index.ts';

use(reference());

const words = ['kim', 'lee', 'park', 'smith', 'jones', 'brown', 'cho', 'davis', 'moon', 'white'];
const labels = Int32Array.of(1, 1, 1, 0, 0, 0, 1, 0, 1, 0);
const lines = lineSet({ lines: words, labels, classes: ['English', 'Korean'] }, characterVocabulary(words.join('')));
const values = (rows: readonly (readonly number[])[], width = 2): SequenceSet => sequenceSet({
  shape: { inputs: 'values', inputSize: width, targets: 'classification', per: 'sequence', targetSize: 2 },
  size: rows.length, length: (index) => (rows[index] as number[]).length / width, input: (index) => rows[index] as number[], target: (index) => [index % 2],
});
const tiny = { cell: 'gru', hidden: 4, embedding: 3, batch: 4, steps: 3, seed: 1 } as const;

async function measured(run: SequenceRun<'classify' | 'tag'>): Promise<MeasuredProgress<SequenceEvaluation>[]> {
  const list: MeasuredProgress<SequenceEvaluation>[] = [];
  for await (const progress of train(run)) if (progress.kind === 'evaluation') list.push(progress);
  return list;
}

describe('classify', () => {
  test('learns words by heart, says them with their probability, and reads what it does not know as nothing', async () => {
    const run = classify.create({ train: lines, heldOut: lines }, { ...tiny, steps: 60, lr: 0.05, evaluateEvery: 20 });
    const list = await measured(run);
    expect(list.map(({ step }) => step)).toEqual([20, 40, 60]);
    const last = list.at(-1);
    expect(last?.accuracy).toBe(1);
    expect([...(last?.confusion ?? [])]).toEqual([5, 0, 0, 5]);
    const [kim, unknown] = await classify.predict(run, ['kim', 'k%m']);
    expect(kim).toMatchObject({ label: 'Korean', index: 1, probability: kim?.probabilities[1] });
    expect((kim?.probabilities[0] ?? 0) + (kim?.probabilities[1] ?? 0)).toBeCloseTo(1, 6);
    expect(unknown?.probability).not.toBe(kim?.probability);
    const ids = Array.from('kim', (letter) => lines.shape.inputSymbols?.indexOf(letter) ?? -1);
    expect(await classify.predict(run, [[...'kim'], ids])).toEqual([kim, kim]);
    expect(await classify.predict(run, [])).toEqual([]);
    // Neither order nor company of the inputs counts.
    const all = await classify.predict(run, words);
    for (const [k, word] of words.entries()) expect((await classify.predict(run, [word]))[0]?.probability).toBeCloseTo(all[k]?.probability ?? NaN, 6);
  });

  test('a set alone is split, a share of each class held out; passes and updates count as described', async () => {
    const run = classify.create(lines, { ...tiny, steps: 0, epochs: 3, holdout: 0.4, accumulate: 2 });
    expect([run.learnt.size, run.heldOut?.size]).toEqual([6, 4]);
    const { heldOut } = splitIndices(10, { fraction: 0.4, seed: 1, labels });
    expect(run.heldOut?.input(0)).toEqual(lines.input(heldOut[0] as number));
    // Two batches a pass make one update.
    expect([run.batches.stepsPerEpoch, run.steps, run.evaluateEvery]).toEqual([2, 3, 1]);
    expect((await measured(run)).map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(run.history.names).toEqual(['loss', 'gradNorm', 'lr', 'heldOut', 'accuracy']);
    expect((await evaluate(run)).loss).toBe(run.stopping.best);
  });

  test('values are scaled as what is learnt asks for, and what is answered alike', async () => {
    const rows = [[1, 100, 2, 100, 3, 100], [4, 300], [0, 0, 0, 0], [9, 1]];
    const run = classify.create({ train: subset(values(rows), [0, 1]), heldOut: subset(values(rows), [2, 3]) }, { ...tiny, steps: 8 });
    expect(run.scaling?.columns[0]).toMatchObject({ offset: 2.5 });
    const plain = classify.create({ train: values(rows) }, { ...tiny, scaling: 'none' });
    expect(plain.scaling).toBeUndefined();
    expect(plain.learnt.input(0)).toEqual(rows[0]);
    await measured(run);
    const { loss } = await evaluateSequences(run.model, run.heldOut as SequenceSet);
    const answers = await classify.predict(run, [[0, 0, 0, 0], [9, 1]]);
    expect(loss).toBeCloseTo(-(Math.log(answers[0]?.probabilities[0] ?? 0) + Math.log(answers[1]?.probabilities[1] ?? 0)) / 2, 5);
    await expect(classify.predict(run, [[1, 2, 3]])).rejects.toThrow('predict: sequence 0 has 3 values, which are not whole steps of 2; give one step or more.');
    await expect(classify.predict(run, [[]])).rejects.toThrow('predict: sequence 0 has 0 values');
    await expect(classify.predict(run, ['text'])).rejects.toThrow('predict: the model reads values, got the text "text"; give numbers, step by step');
  });

  test('the loss does not depend on how sequences are put together', async () => {
    const run = classify.create({ train: lines }, tiny);
    const { loss, accuracy, predictions } = await evaluateSequences(run.model, lines, { batch: 3 });
    const whole = await evaluateSequences(run.model, lines, { batch: 10 });
    expect(loss).toBeCloseTo(whole.loss, 6);
    expect([accuracy, predictions]).toEqual([whole.accuracy, 10]);
  });

  test('early stopping ends it and keeps the best weights; a cell of one\'s own is saved with its equations', async () => {
    const cell = cellFromText('h = tanh(W x + R h)', { name: 'mine' });
    const run = classify.create({ train: lines, heldOut: lines }, { ...tiny, cell, lr: 0, steps: 50, evaluateEvery: 2, patience: 3 });
    expect((await measured(run)).map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    expect(run.stopping.stopped).toBe('patience');
    const { description, tensors } = checkpointOf(run);
    expect(description.cellText).toContain('tanh(W_h x + R_h h)');
    expect(await classify.predict(classify.load(JSON.parse(JSON.stringify(description)), tensors), ['kim'])).toEqual(await classify.predict(run, ['kim']));
    expect(() => classify.create({ train: lines }, { ...tiny, patience: 3 })).toThrow('create: patience waits for evaluations, but nothing is held out; give holdout above 0, or the data in two parts.');
    await expect(evaluate(classify.create({ train: lines }, tiny))).rejects.toThrow('evaluate: the run has nothing held out to measure');
  });

  test('what may change when a run goes on', () => {
    const { description, tensors } = checkpointOf(classify.create(lines, tiny));
    expect(classify.resume(lines, description, tensors, { lr: 0.5 }).optimizer.lr).toBe(0.5);
    expect(classify.resume(lines, description, tensors, { epochs: 7 }).steps).toBe(14);
    expect(classify.resume(lines, description, tensors, { steps: 9, patience: 2 }).config).toMatchObject({ steps: 9, patience: 2, hidden: 4 });
    expect(() => classify.resume(lineSet({ lines: words, labels, classes: ['English', 'Corean'] }, characterVocabulary(words.join(''))), description, tensors)).toThrow('or their symbols differ; go on with the same data.');
  });
});

describe('tag', () => {
  test('bits: the loss is that of all bits of a step together, and those likelier on than off are named', async () => {
    const piece = Uint8Array.from({ length: 88 * 6 }, (_, k) => Number(k % 88 === Math.floor(k / 88)));
    const run = tag.create({ train: choraleSet([piece, piece.subarray(0, 88 * 3)]), heldOut: choraleSet([piece]) }, { ...tiny, hidden: 16, lr: 0.05, steps: 150, scaling: 'none', bidirectional: true });
    const { loss, predictions, accuracy } = await evaluate(run);
    expect([predictions, accuracy]).toEqual([5, undefined]);
    expect(loss).toBeGreaterThan(50);
    expect(loss).toBeLessThan(75);
    await measured(run);
    expect((await evaluate(run)).loss).toBeLessThan(1);
    const [told] = await tag.predict(run, [piece.subarray(0, 88 * 5)]);
    expect(told?.labels).toEqual(['1', '2', '3', '4', '5']);
    expect(told?.outputs).toHaveLength(5 * 88);
    expect(told?.outputs[1]).toBeGreaterThan(0.5);
  });

  test('numbers: squared errors, and padding counts nothing', async () => {
    const rows = [[0, 0.5, 1, 0.2], [1, 0.3]];
    const set = sequenceSet({
      shape: { inputs: 'values', inputSize: 1, targets: 'regression', per: 'step', targetSize: 1 },
      size: 2, length: (index) => (rows[index] as number[]).length, input: (index) => rows[index] as number[], target: (index) => rows[index] as number[],
    });
    const run = tag.create({ train: set, heldOut: set }, { ...tiny, scaling: 'none' });
    const told = await tag.predict(run, rows);
    const errors = told.flatMap(({ outputs }, k) => Array.from(outputs, (output, t) => (output - (rows[k]?.[t] as number)) ** 2));
    const { loss, predictions } = await evaluate(run);
    expect(predictions).toBe(6);
    expect(loss).toBeCloseTo(errors.reduce((a, b) => a + b) / 6, 5);
    expect(told.map(({ labels: said }) => said.length)).toEqual([4, 2]);
  });
});

describe('translate', () => {
  const pairs = ['ab', 'ba', 'abb', 'a', 'b', 'bab'].map((input) => ({ input, answer: [...input].reverse().join('') }));
  const set = pairSet(pairs, pairSymbols(pairs));

  test.each(['none', 'general', 'additive'] as const)('learns a few answers with attention %s, and searches for them', async (attention) => {
    const run = translate.create({ train: set, heldOut: set }, { ...tiny, hidden: 16, attention, lr: 0.03, steps: 120 });
    for await (const progress of train(run)) void progress;
    expect(await evaluate(run)).toMatchObject({ exact: 1, accuracy: 1, predictions: 6 + 12 });
    const [greedy] = await translate.predict(run, ['abb']);
    expect(greedy).toMatchObject({ text: 'bba', ended: true, alternatives: [] });
    const [best] = await translate.predict(run, ['abb'], { beams: 3 });
    expect(best?.text).toBe('bba');
    expect(best?.alternatives).toHaveLength(2);
    expect((await translate.predict(run, ['abb'], { maxLength: 2 }))[0]).toMatchObject({ text: 'bb', ended: false });
  });

  test('the dot product needs one direction', () => {
    expect(() => translate.create(set, { ...tiny, attention: 'dot' })).toThrow('translate: attention "dot" needs bidirectional: false');
    expect(translate.create(set, { ...tiny, attention: 'dot', bidirectional: false }).model.decoder.attention?.memorySize).toBe(4);
  });
});

describe('what cannot be is refused', () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ['sequences of another kind', () => classify.create(pairSet([{ input: 'a', answer: 'b' }, { input: 'b', answer: 'a' }], pairSymbols([{ input: 'ab', answer: 'ab' }]))), 'classify: it learns classification per sequence, got sequences with classification per answer; make them with lineSet, digitSet'],
    ['classes per sequence as tags', () => tag.create(lines), 'tag: it learns classification or binary or regression per step, got sequences with classification per sequence'],
    ['classes as answers', () => translate.create(lines), 'translate: it learns ids that are answered by ids, got ids with classification per sequence'],
    ['an unknown field', () => classify.config({ hiden: 3 } as object), 'config: there is no field "hiden"; there are cell, hidden,'],
    ['a field of the wrong kind', () => classify.config({ bidirectional: 'yes' } as object), 'config: bidirectional must be true or false, got "yes".'],
    ['no passes', () => tag.config({ epochs: 0 }), 'config: epochs must be a whole number from 1, got 0.'],
    ['an unknown attention', () => translate.config({ attention: 'soft' } as object), 'config: attention must be one of none, dot, general, additive, got "soft".'],
    ['an unknown cell', () => classify.create(lines, { cell: 'lstmm' }), 'config: cell must be one of rnn,'],
  ];
  test.each(cases)('%s', (_, action, message) => expect(action).toThrow(message));

  test('checkpoints that cannot be what they say', () => {
    const { description, tensors } = checkpointOf(classify.create(lines, { ...tiny, layers: 2 }) as AnyRun<'classify'>);
    const { shape, config } = description;
    const load = (change: object, other: Readonly<Record<string, Tensor>> = tensors): (() => unknown) => () => classify.load({ ...description, ...change }, other);
    expect(() => classify.load(undefined, tensors)).toThrow('checkpoint: description must be an object, got nothing; the file is damaged.');
    expect(() => tag.load(description, tensors)).toThrow('checkpoint: it describes "classify", not "tag"; load it as what it is.');
    expect(load({ kind: 'text' })).toThrow('checkpoint: it describes "text", not "classify"');
    expect(load({ version: 2 })).toThrow('checkpoint: its format has version 2');
    expect(load({ shape: 3 })).toThrow('checkpoint: shape must be an object, got 3');
    expect(load({ shape: { ...shape, inputs: 'toString' } })).toThrow('checkpoint: shape.inputs must be one of values, ids, got "toString"; the file is damaged.');
    expect(load({ shape: { ...shape, per: undefined } })).toThrow('checkpoint: shape.per must be one of step, sequence, answer, got nothing');
    expect(load({ shape: { ...shape, inputSize: 1e9 } })).toThrow('checkpoint: shape.inputSymbols must be 1000000000 strings');
    expect(load({ shape: { ...shape, targetSize: 0 } })).toThrow('checkpoint: shape.targetSize must be a whole number from 1, got 0');
    expect(load({ shape: { ...shape, inputSymbols: undefined, inputSize: 1e9 } })).toThrow('checkpoint: embedding.weight must be (1000000000, 3) by its description');
    expect(load({ config: { ...config, hidden: 1e9 } })).toThrow('checkpoint: head.weight must be (2, 1000000000) by its description, got (2, 4)');
    expect(load({ config: { ...config, layers: 1e9 } })).toThrow('checkpoint: there are tensors of 2 recurrent layers, the description says 1000000000');
    expect(load({ config: { ...config, bidirectional: true } })).toThrow('checkpoint: head.weight must be (2, 8)');
    expect(load({ scaling: { kind: 'magic' } })).toThrow('scalingFromJson');
    expect(load({ sizes: { learnt: -1, heldOut: 0 } })).toThrow('checkpoint: sizes must be whole numbers, got -1 and 0');
    expect(load({ cellText: 'h = ' })).toThrow('checkpoint: the equations of its cell are damaged');
    expect(load({}, {})).toThrow(RecipeError);
    expect(load({ training: { steps: 'many' } })).toThrow('checkpoint: training.steps must be a whole number from 0, got many.');
  });
});
