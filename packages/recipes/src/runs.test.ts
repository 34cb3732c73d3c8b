import { characterVocabulary, lineSet, pairSet, pairSymbols, Rng, sequenceSet, series, type SequenceSet, type Series } from '@unroll/datasets';
import { reference, tensor, use, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { checkpointOf, classify, forecast, tag, train, translate, type AnyRun, type ResumeRunOptions, type RunCheckpoint } from './index.ts';

use(reference());

const rng = new Rng(5);
const words = Array.from({ length: 60 }, () => Array.from({ length: 1 + rng.integer(6) }, () => 'abc'[rng.integer(3)] as string).join(''));

/** Whether a word has an "a". */
const lines: SequenceSet = lineSet({ lines: words, labels: Int32Array.from(words, (word) => Number(word.includes('a'))), classes: ['without', 'with'] }, characterVocabulary('abc'));
/** Of each step, whether an "a" has come. */
const steps: SequenceSet = sequenceSet({
  shape: { inputs: 'ids', inputSize: 3, targets: 'classification', per: 'step', targetSize: 2, inputSymbols: [...'abc'], targetSymbols: ['no', 'yes'] },
  size: words.length,
  length: (index) => (words[index] as string).length,
  input: (index) => Array.from(words[index] as string, (letter) => 'abc'.indexOf(letter)),
  target: (index) => Array.from(words[index] as string, (_, t) => Number((words[index] as string).slice(0, t + 1).includes('a'))),
});
const pairs: SequenceSet = pairSet(words.map((word) => ({ input: word, answer: [...word].reverse().join('') })), pairSymbols(words.map((word) => ({ input: word, answer: word }))));
const hours: Series = series(['a', 'b'], Float64Array.from({ length: 400 }, (_, i) => Math.sin(Math.floor(i / 2) / 3 + (i % 2)) + 0.1 * rng.normal() + 5 * (i % 2)), Float64Array.from({ length: 200 }, (_, t) => t * 3_600_000));

const tiny = { cell: 'gru', hidden: 5, embedding: 3, batch: 8, dropout: 0.2, ema: 0.9, schedule: 'plateau', patience: 50, steps: 24, evaluateEvery: 5, seed: 2 } as const;

/** What tests ask of any recipe. */
interface Case {
  readonly create: (options?: object) => AnyRun;
  readonly resume: (file: RunCheckpoint, options?: ResumeRunOptions) => AnyRun;
  readonly load: (file: RunCheckpoint, options?: { readonly weights: 'best' | 'last' }) => { readonly model: { dispose(): void } };
  readonly predict: (model: unknown) => Promise<unknown>;
}

const cases: Readonly<Record<string, Case>> = {
  classify: {
    create: (options) => classify.create(lines, { ...tiny, ...options }),
    resume: ({ description, tensors }, options) => classify.resume(lines, description, tensors, options),
    load: ({ description, tensors }, options) => classify.load(description, tensors, options),
    predict: (model) => classify.predict(model as never, ['abc', 'b', 'cxcb']),
  },
  tag: {
    create: (options) => tag.create(steps, { ...tiny, bidirectional: true, ...options }),
    resume: ({ description, tensors }, options) => tag.resume(steps, description, tensors, options),
    load: ({ description, tensors }, options) => tag.load(description, tensors, options),
    predict: (model) => tag.predict(model as never, ['abc', 'b']),
  },
  forecast: {
    create: (options) => forecast.create(hours, { ...tiny, window: 12, horizon: 3, season: 0, ...options }),
    resume: ({ description, tensors }, options) => forecast.resume(hours, description, tensors, options),
    load: ({ description, tensors }, options) => forecast.load(description, tensors, options),
    predict: (model) => forecast.predict(model as never, [hours], { coverage: 0.5 }),
  },
  translate: {
    create: (options) => translate.create(pairs, { ...tiny, layers: 2, ...options }),
    resume: ({ description, tensors }, options) => translate.resume(pairs, description, tensors, options),
    load: ({ description, tensors }, options) => translate.load(description, tensors, options),
    predict: (model) => translate.predict(model as never, ['abc', 'b'], { maxLength: 4, beams: 2 }),
  },
};

/** Trains on, at most to this step; returns what was reported. */
async function advance(run: AnyRun, stop = Infinity): Promise<string> {
  const log: string[] = [];
  if (run.optimizer.steps >= stop) return '';
  for await (const { kind, step } of train(run as never)) {
    log.push(`${kind[0]}${step}`);
    if (kind === 'step' && step >= stop) break;
  }
  return log.join(' ');
}

interface File { readonly description: unknown; readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>> }

/** As a file holds it. */
async function written(run: AnyRun): Promise<File> {
  const { description, tensors } = checkpointOf(run);
  const values = await Promise.all(Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: Float32Array.from(await value.data()) }] as const));
  return { description: JSON.parse(JSON.stringify(description)), tensors: Object.fromEntries(values) };
}

function read({ description, tensors }: File): RunCheckpoint {
  const made = Object.entries(tensors).map(([name, { data, shape }]) => [name, tensor(data, { shape })] as const);
  return { description: description as RunCheckpoint['description'], tensors: Object.fromEntries(made) as Record<string, Tensor> };
}

describe.each(Object.entries(cases))('%s', (_, { create, resume, load, predict }) => {
  test('stopped, saved and resumed anywhere, a run is the one that was never stopped, to the bit', async () => {
    const whole = create();
    expect(await advance(whole)).toMatch(/^s1 s2 s3 s4 s5 e5 s6 .* s24 e24$/);
    let run = create();
    for (const stop of [3, 5, 17]) {
      await advance(run, stop);
      run = resume(read(await written(run)));
    }
    await advance(run);
    expect(await written(run)).toEqual(await written(whole));
    expect(await predict(run)).toEqual(await predict(whole));
  });

  test('a checkpoint answers as its run did, with the best weights or with the last', async () => {
    const run = create({ ema: 0 });
    await advance(run);
    const file = read(await written(run));
    const before = await predict(run);
    expect(await predict(load(file, { weights: 'last' }))).toEqual(before);
    const best = await predict(load(file));
    run.best.swap();
    expect(await predict(run)).toEqual(best);
    run.best.swap();
    const { training: _training, ...alone } = file.description;
    expect(await predict(load({ ...file, description: alone }))).toEqual(best);
    expect(() => resume({ ...file, description: alone })).toThrow('resume: the checkpoint holds a model without its training');
  });
});
