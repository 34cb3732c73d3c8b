import { full, reference, tensor, use, type Tensor } from '@unroll/tensor';
import { DivergenceError, type OptimizerName } from '@unroll/train';
import { expect, test } from 'vitest';
import { checkpointOf, createTextRun, evaluateText, loadText, resumeText, trainText, type TextProgress, type TextRun, type TextRunOptions } from './index.ts';

use(reference());

const verse = 'A quick brown fox jumps over the lazy dog.\n'.repeat(9);
const tiny = { hidden: 5, layers: 2, embedding: 3, batch: 3, length: 4, dropout: 0.3, cell: 'lstm', lr: 0.05, holdout: 0.1, seed: 3 } as const;
const eventful = { ...tiny, schedule: 'plateau', evaluateEvery: 5, ema: 0.8, accumulate: 2 } as const;

/** Up to a step, at whose report the loop is left; without one, to the end. */
async function advance(run: TextRun, until = Infinity): Promise<string> {
  const kinds: string[] = [];
  for await (const { kind, step } of trainText(run)) {
    kinds.push(`${kind[0]}${step}`);
    if (kind === 'step' && step === until) break;
  }
  return kinds.join(' ');
}

interface Saved { readonly description: unknown; readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>> }

/** As a file holds it. */
async function saved(run: TextRun): Promise<Saved> {
  const { description, tensors } = checkpointOf(run);
  const values = await Promise.all(Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: Float32Array.from(await value.data()) }] as const));
  return { description: JSON.parse(JSON.stringify(description)), tensors: Object.fromEntries(values) };
}

const loaded = ({ tensors }: Saved): Record<string, Tensor> => Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, tensor(data, { shape })]));
const resume = (file: Saved, options = {}): TextRun => resumeText(verse, file.description, loaded(file), options);

/** Stopped, saved and resumed, a run is the one that was never stopped. */
async function expectResumable(options: TextRunOptions, stops: readonly number[]): Promise<void> {
  const whole = createTextRun(verse, options);
  await advance(whole);
  let run = createTextRun(verse, options);
  for (const stop of stops) {
    await advance(run, stop);
    run = resume(await saved(run));
  }
  await advance(run);
  expect(await saved(run)).toEqual(await saved(whole));
}

test('200 steps are 100, a file, and 100 more, to the bit: with dropout, plateau and average', async () => {
  await expectResumable({ ...eventful, cell: 'gru', accumulate: 1, steps: 200, evaluateEvery: 20 }, [100]);
});

test.each(['sgd', 'rmsprop', 'adagrad', 'adamw', 'nadam', 'radam'] satisfies OptimizerName[])('a run with %s goes on to the bit, wherever it was stopped', async (optimizer) => {
  await expectResumable({ ...eventful, optimizer, steps: 24 }, [7, 10, 11]);
});

test.each(['cosine', 'one-cycle'] as const)('so does one with the schedule %s', async (schedule) => {
  await expectResumable({ ...tiny, schedule, warmup: 4, clip: 0, steps: 12 }, [5]);
});

test('what was left before its evaluation is evaluated first', async () => {
  const run = createTextRun(verse, { ...eventful, steps: 12 });
  expect(await advance(run, 5)).toBe('s1 s2 s3 s4 s5');
  const file = await saved(run);
  const resumed = resume(file);
  expect(await advance(resumed, 10)).toBe('e5 s6 s7 s8 s9 s10');
  expect(await advance(resumed)).toBe('e10 s11 s12 e12');
  expect(resumed.history.series('heldOut').map(({ step }) => step)).toEqual([5, 10]);
  expect(resumed.history.series('lr')).toHaveLength(12);
  expect(await advance(resumed)).toBe('e12');
  expect(await advance(resume(await saved(resumed), { steps: 14 }))).toBe('s13 s14 e14');
});

test('a target and patience end a training, which then stays ended', async () => {
  const reached = createTextRun(verse, { ...tiny, steps: 50, evaluateEvery: 2, target: 100 });
  expect(await advance(reached)).toBe('s1 s2 e2');
  expect(reached.stopping.stopped).toBe('target');
  expect(await advance(resume(await saved(reached)))).toBe('e2');
  const other = resume(await saved(reached), { target: 0, steps: 4 });
  expect(await advance(other)).toBe('s3 s4 e4');

  const stuck = createTextRun(verse, { ...tiny, lr: 0, dropout: 0, steps: 50, evaluateEvery: 2, patience: 2 });
  expect(await advance(stuck)).toBe('s1 s2 e2 s3 s4 e4 s5 s6 e6');
  expect(stuck.stopping.stopped).toBe('patience');
});

test('a plateau lowers the rate, and a rate that is given anew begins from there', async () => {
  const run = createTextRun(verse, { ...tiny, lr: 1e-9, steps: 20, evaluateEvery: 2, schedule: 'plateau', ema: 0.999 });
  await advance(run);
  expect(run.history.latest('lr')?.value).toBeLessThanOrEqual(1e-9);
  run.plateau.restore({ ...run.plateau.state(), lr: 0.5 });
  const file = await saved(run);
  const resumed = resume(file, { steps: 22 });
  await advance(resumed);
  expect(resumed.history.latest('lr')?.value).toBe(0.5);
  const other = resume(file, { steps: 22, lr: 0.25 });
  await advance(other);
  expect(other.history.latest('lr')?.value).toBe(0.25);
});

test('the averaged weights are evaluated, remembered as the best, and loaded', async () => {
  const run = createTextRun(verse, { ...tiny, dropout: 0, steps: 20, evaluateEvery: 10, ema: 0.9 });
  const progress: TextProgress[] = [];
  for await (const each of trainText(run)) progress.push(each);
  const last = progress.at(-1);
  const own = await evaluateText(run.model, run.heldOut);
  const averaged = await run.ema?.within(() => evaluateText(run.model, run.heldOut));
  expect(last).toMatchObject({ kind: 'evaluation', loss: averaged?.loss });
  expect(averaged?.loss).not.toBe(own.loss);
  const file = await saved(run);
  const { model } = loadText(file.description, loaded(file));
  expect((await evaluateText(model, run.heldOut)).loss).toBe(averaged?.loss);
  run.best.restore();
  expect((await evaluateText(run.model, run.heldOut)).loss).toBe(run.stopping.best);
});

test('a run that diverges stops there, with the model and the history of the step before', async () => {
  const run = createTextRun(verse, { ...tiny, steps: 20 });
  await advance(run, 3);
  const { bias } = run.model.head;
  bias?.assign(full(bias.shape, NaN));
  const before = await run.model.head.weight.data();
  const training = advance(run);
  await expect(training).rejects.toBeInstanceOf(DivergenceError);
  await expect(training).rejects.toMatchObject({ step: 4, loss: NaN, gradNorm: NaN });
  expect([run.optimizer.steps, run.history.latest('loss')?.step]).toEqual([3, 3]);
  expect(await run.model.head.weight.data()).toEqual(before);
});
