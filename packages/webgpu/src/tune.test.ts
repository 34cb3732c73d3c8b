import type { Kernel, MatMulKernel } from '@unroll/tensor/backend';
import { randomInputs, runKernel } from '@unroll/testing';
import { expect, test } from 'vitest';
import { anyDevice, type Program } from './program.ts';
import { describeOnDevice } from './testing/device.ts';
import { Tuner } from './tune.ts';

const product: MatMulKernel = { kind: 'matmul', dtype: 'float32', batch: 1, m: 50, n: 40, k: 30, transposeA: false, transposeB: true, sharedA: false, sharedB: false, bias: false };
const labelOf = ({ commands }: Program): string => commands.flatMap((command) => (command.kind === 'dispatch' ? [command.shader.label] : []))[0] ?? '';

test('measures each class of shapes once, and knows the fastest from then on', async () => {
  const tuner = new Tuner(anyDevice);
  const measured: string[] = [];
  const time = async (_: Kernel, program: Program): Promise<number> => {
    measured.push(labelOf(program));
    if (labelOf(program).includes('64x64')) throw new Error('not on this device');
    return labelOf(program).includes('16x64') ? 1 : 2;
  };
  expect([tuner.choose(product), tuner.choose({ ...product, m: 60 })]).toEqual([undefined, undefined]);
  expect(await tuner.measure(time)).toBe(true);
  expect(measured.toSorted()).toEqual(['128x128', '16x64', '32x32', '32x64', '64x64'].map((name) => `matmul ${name}`));
  expect([tuner.choose(product), tuner.choose({ ...product, m: 60 }), await tuner.measure(time), measured.length]).toEqual(['16x64', '16x64', false, 5]);
  // What is known is good for another time, unless there is no such variant any more.
  expect(new Tuner(anyDevice, tuner.known()).choose(product)).toBe('16x64');
  expect(new Tuner(anyDevice, Object.fromEntries(Object.keys(tuner.known()).map((key) => [key, 'gone']))).choose(product)).toBeUndefined();
  expect(tuner.choose({ kind: 'gather', dtype: 'float32', rows: 1, width: 1, count: 1 })).toBeUndefined();
});

await describeOnDevice('tuning', (makeBackend) => {
  test('happens beside the work, changes no numbers, and leaves nothing behind', async () => {
    const backend = await makeBackend({ tune: true });
    const inputs = randomInputs(product, 1);
    const before = await runKernel(backend, product, inputs);
    await backend.compile([product]);
    expect(Object.keys(backend.tuned())).toEqual(['matmul float32 64 64 32 1 nt']);
    const after = await runKernel(backend, product, inputs);
    expect(after[0]?.every((value, k) => Math.abs(value - (before[0]?.[k] as number)) < 1e-5)).toBe(true);
    expect(backend.memory().used).toBe(0);
    const { pipelinesCreated } = backend.statistics();
    await backend.compile([{ ...product, m: 61 }]);
    expect(backend.statistics().pipelinesCreated).toBe(pipelinesCreated);
    expect((await makeBackend({ tuned: backend.tuned() })).tuned()).toEqual(backend.tuned());
  });
});
