import { readSafetensors, toFloat32Array, writeSafetensors } from '@unroll/interop';
import { checkpointOf, createTextRun, resumeText, trainText, type TextRun } from '@unroll/recipes';
import { memory, tensor, use } from '@unroll/tensor';
import type { OptimizerName } from '@unroll/train';
import { wasm } from '@unroll/wasm';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Here, because only apps may name a backend: a training that was stopped and resumed is the one that never stopped, on WebAssembly, too.

beforeAll(async () => void use(await wasm()));
afterAll(() => void use(undefined));

const verse = 'A quick brown fox jumps over the lazy dog.\n'.repeat(20);
const options = {
  hidden: 8, layers: 2, embedding: 6, batch: 4, length: 8, dropout: 0.25, cell: 'lstm', lr: 0.02, holdout: 0.1, seed: 3, steps: 200, schedule: 'plateau', evaluateEvery: 25, ema: 0.9,
} as const;

async function advance(run: TextRun, until: number): Promise<TextRun> {
  for await (const { kind, step } of trainText(run)) if (kind === 'step' && step === until) break;
  return run;
}

/** One safetensors file, with the description as metadata. */
async function fileOf(run: TextRun): Promise<Uint8Array> {
  const { description, tensors } = checkpointOf(run);
  const entries = await Promise.all(Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: await value.data() }] as const));
  return writeSafetensors(entries, { description: JSON.stringify(description) });
}

function resume(file: Uint8Array): TextRun {
  const { tensors, metadata } = readSafetensors(file);
  const uploaded = Object.fromEntries([...tensors].map(([name, raw]) => [name, tensor(toFloat32Array(raw, name), { shape: raw.shape })]));
  try {
    return resumeText(verse, JSON.parse(metadata.get('description') ?? ''), uploaded);
  } finally {
    for (const own of Object.values(uploaded)) own.dispose();
  }
}

const optimizers = ['sgd', 'rmsprop', 'adagrad', 'adam', 'adamw', 'nadam', 'radam'] satisfies OptimizerName[];

test.each(optimizers)('200 steps with %s are 100, a file, and 100 more: the same bytes', async (optimizer) => {
  const live = memory();
  const whole = await advance(createTextRun(verse, { ...options, optimizer }), 200);
  const first = await advance(createTextRun(verse, { ...options, optimizer }), 100);
  const file = await fileOf(first);
  const resumed = resume(file);
  first.dispose();
  expect(await fileOf(resumed)).toEqual(file);
  await advance(resumed, 200);
  expect(Buffer.compare(await fileOf(resumed), await fileOf(whole))).toBe(0);
  expect(Buffer.compare(await fileOf(resumed), file)).not.toBe(0);
  for (const run of [whole, resumed]) run.dispose();
  expect(memory()).toEqual(live);
});
