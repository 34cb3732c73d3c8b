import { airlinePassengers, characterVocabulary, choraleSet, lineSet, pairSet, pairSymbols } from '@unroll/datasets';
import { memory, reference, use } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { checkpointOf, classify, evaluate, forecast, tag, train, translate, type AnyRun } from './index.ts';

// A file of its own, in which nothing is left to the garbage collector: it would change the counts at times of its own choice.

use(reference());

const words = ['ab', 'ba', 'aab', 'bbb', 'abab', 'a', 'bb', 'baba'];
const tiny = { hidden: 3, embedding: 2, batch: 2, dropout: 0.1, ema: 0.5, steps: 7, evaluateEvery: 3, patience: 9, holdout: 0.25 };
const pairs = words.map((word) => ({ input: word, answer: word }));
const piece = Uint8Array.from({ length: 88 * 4 }, (_, k) => Number(k % 7 === 0));
const months = airlinePassengers();

const makers: Readonly<Record<string, readonly [create: () => AnyRun, predict: (run: AnyRun) => Promise<unknown>]>> = {
  classify: [
    () => classify.create(lineSet({ lines: words, labels: Int32Array.from(words, ({ length }) => length % 2), classes: ['even', 'odd'] }, characterVocabulary('ab')), tiny),
    (run) => classify.predict(run as never, ['ab', 'b']),
  ],
  tag: [() => tag.create(choraleSet([piece, piece, piece, piece]), { ...tiny, scaling: 'none' }), (run) => tag.predict(run as never, [piece])],
  forecast: [() => forecast.create(months, { ...tiny, window: 6, horizon: 2, season: 12 }), (run) => forecast.predict(run as never, [months], { coverage: 0.5 })],
  translate: [() => translate.create(pairSet(pairs, pairSymbols(pairs)), tiny), (run) => translate.predict(run as never, ['ab', 'b'], { beams: 2, maxLength: 3 })],
};

test.each(Object.entries(makers))('%s: what a run makes is freed with it, and neither evaluating nor answering leaves anything behind', async (_, [create, predict]) => {
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
  const run = create();
  for await (const progress of train(run as never)) void progress;
  await evaluate(run as never);
  await predict(run);
  const before = memory();
  for (let k = 0; k < 3; k++) {
    await evaluate(run as never);
    await predict(run);
    checkpointOf(run);
  }
  expect(memory()).toEqual(before);
  run.dispose();
  run.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});
