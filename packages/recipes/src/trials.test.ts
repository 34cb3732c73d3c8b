import { memory, reference, use } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { judges } from './trials/judge.ts';
import { runTrial, trials, type Trial, type TrialProgress, type TrialResult } from './index.ts';

use(reference());

async function tried(trial: Trial, seed = 0): Promise<{ progress: TrialProgress[]; result: TrialResult }> {
  const running = runTrial(trial, { seed });
  const progress: TrialProgress[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done === true) return { progress, result: value };
    progress.push(value);
  }
}

const small: Trial = { ...trials['adding-gru'], options: { length: 4 }, hidden: 8, batch: 16, lr: 0.02, steps: 300, testEvery: 20, goal: 0.02 };

test('a trial ends when its goal is reached, and counts the sequences that it took', async () => {
  const before = memory();
  const { progress, result } = await tried(small);
  const tests = progress.filter(({ score }) => score !== undefined);
  expect(tests.map(({ step }) => step)).toEqual(tests.map((_, k) => 20 * (k + 1)));
  expect(result).toMatchObject({ solved: true, score: tests.at(-1)?.score, sequences: 16 * progress.length });
  expect(result.score).toBeLessThan(0.02);
  expect((await tried(small)).progress).toEqual(progress);
  expect((await tried({ ...small, steps: 3, testEvery: 2 }, 1)).progress.map(({ score }) => score !== undefined)).toEqual([false, true, true]);
  expect(memory()).toEqual(before);
});

test('what is not reached is not solved', async () => {
  expect((await tried({ ...small, cell: 'rnn', gateBias: {}, steps: 5 })).result).toMatchObject({ solved: false, sequences: 80 });
});

test('answers are learnt from distinct sequences and tested on others', async () => {
  const { result } = await tried({ ...trials['addition-gru'], options: { digits: 1 }, hidden: 8, batch: 8, distinct: 20, steps: 2, testEvery: 2, testSize: 40 });
  expect(result).toMatchObject({ solved: false, sequences: 16 });
});

test('gates are biased by name', async () => {
  const biased = (gateBias: Trial['gateBias'] = {}): Promise<unknown> => tried({ ...small, gateBias, steps: 1, testEvery: 1 });
  expect(await biased({ z: 3 })).not.toEqual(await biased());
  await expect(biased({ f: 1 })).rejects.toThrow('runTrial: the cell gru has no gate f with a bias of the input; it has');
});

describe('judges', () => {
  test('accuracy of steps does not count blanks, nor what is not asked', () => {
    const batch = { inputs: new Int32Array(), inputShape: [], targets: Int32Array.of(0, 1, 2, -100), targetShape: [4, 1] };
    expect(judges.accuracy({ outputs: [0, 9, 0, 0, 9, 0, 9, 0, 0, 0, 0, 9], batch, width: 3 })).toBe(0.5);
    expect(judges.accuracy({ outputs: [0, 9, 0, 0, 9, 0, 9, 0, 0, 0, 0, 9], batch: { ...batch, targetShape: [4] }, width: 3 })).toBe(1 / 3);
  });

  test('a string is right where every step ranks all that may follow above all others', () => {
    // Two strings of two steps: the second step of the second one ranks symbol 2 above symbol 1.
    const batch = { inputs: new Int32Array(), inputShape: [], targets: Int32Array.of(0, 1, 1, 1), targetShape: [2, 2], legal: Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0) };
    expect(judges.legal({ outputs: [2, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 2], batch, width: 3 })).toBe(0.5);
    expect(judges.legal({ outputs: [2, 1, 0, 0, 1, 0, 0, 1, 0, 0, 3, 2], batch, width: 3 })).toBe(1);
  });

  test('mse is the mean over all numbers', () => {
    expect(judges.mse({ outputs: [1, 2], batch: { inputs: new Int32Array(), inputShape: [], targets: Float32Array.of(0, 4), targetShape: [2, 1] }, width: 1 })).toBe(2.5);
  });
});

test('all trials say what was published, and which of them are not to be solved', () => {
  expect(Object.entries(trials).filter(([, { expected }]) => !expected).map(([name]) => name)).toEqual(['adding-rnn']);
  for (const { published: { source, value } } of Object.values(trials)) expect(source.length * value.length).toBeGreaterThan(0);
});
