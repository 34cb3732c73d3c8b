import { add, biasName, differentiate, dot, input, mul, sigmoid, tanh, type Step } from '@unroll/expr';
import type { HostData, ScanKernel } from '@unroll/tensor/backend';
import { randomInputs, runKernel } from '@unroll/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WasmBackend } from '../backend.ts';
import { wasm } from '../index.ts';
import { Heap } from '../memory.ts';
import { chooseProfile } from '../probe.ts';
import { Choice } from './choice.ts';
import { Pool } from './pool.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

// A gate after another one: two stages, with sums over all time in the backward step.
const [H, I] = [40, 24];
const [x, h] = [input('x'), input('h')];
const gate = sigmoid(add(dot('W', 0, x), dot('R', 0, h)));
const next = tanh(add(dot('W', 1, x), dot('R', 1, mul(gate, h))));
const forward: Step = {
  states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: I }], vectors: [],
  weights: [{ name: 'W', blocks: 2, rows: H, columns: I, bias: true }, { name: 'R', blocks: 2, rows: H, columns: H, bias: true }],
  next: [next], outputs: [{ name: 'y', width: H, value: next }], accumulations: [], names: [],
};
const backward = differentiate(forward, new Set(['y']), new Set(['x', 'W', 'R'])).step;

function kernelOf(step: Step, batch: number, masked: boolean): ScanKernel {
  return { kind: 'scan', step, dtype: 'float32', steps: 7, batch, reverse: step === backward, masked };
}

async function results(threads: number, kernel: ScanKernel, inputs: readonly HostData[]): Promise<HostData[]> {
  const heap = new Heap({ shared: true });
  const pool = await Pool.start(heap, threads, { least: 0, always: true });
  const backend = new WasmBackend(heap, chooseProfile(), pool);
  expect(backend.threads).toBe(threads);
  const first = await runKernel(backend, kernel, inputs);
  for (let k = 0; k < 20; k++) expect(await runKernel(backend, kernel, inputs)).toEqual(first);
  backend.dispose();
  expect(await runKernel(backend, kernel, inputs)).toEqual(first);
  return first;
}

describe.each([['forward', forward], ['backward', backward]] as const)('%s', (_, step) => {
  test.each([[1, false], [3, true], [17, false], [64, true]] as const)('with %i rows has the same bits on one, two and five threads', async (batch, masked) => {
    const kernel = kernelOf(step, batch, masked);
    const inputs = randomInputs(kernel, 5);
    const alone = await results(1, kernel, inputs);
    expect(alone.flatMap((data) => [...data]).every(Number.isFinite)).toBe(true);
    for (const threads of [2, 5]) expect(await results(threads, kernel, inputs)).toEqual(alone);
  });
});

test('names of the step are those of its gradients', () => {
  expect(backward.accumulations.map(({ name }) => name)).toContain(`d.${biasName('R')}`);
});

test('there is one thread where memory cannot be shared, and where a thread must not wait', async () => {
  expect(await Pool.start(new Heap({ shared: false }), 2)).toBeUndefined();
  vi.stubGlobal('document', {});
  const page = await wasm({ threads: 2 });
  expect(page.threads).toBe(1);
});

test('options: one thread by default, whole numbers, or as many as there are processors', async () => {
  expect((await wasm()).threads).toBe(1);
  const all = await wasm({ threads: 'auto' });
  expect(all.threads).toBeGreaterThanOrEqual(1);
  all.dispose();
  await expect(wasm({ threads: 0 })).rejects.toThrow(/threads must be a whole number from 1, or 'auto', got 0/u);
});

/** Runs a kernel that takes so long in either way; tells which way each run went. */
function ways(choice: Choice, runs: number, alone: number, together: number): boolean[] {
  return Array.from({ length: runs }, () => {
    const way = choice.together();
    choice.took(way, way ? together : alone);
    return way;
  });
}

describe('the choice', () => {
  test('falls on threads where they are faster, after both were tried', () => {
    const went = ways(new Choice(), 30, 10, 6);
    expect(went.slice(0, 6)).toEqual([false, true, false, true, false, true]);
    expect(went.slice(6).every(Boolean)).toBe(true);
  });

  test('falls on one thread where threads bring little, and tries them ever more seldom', () => {
    const went = ways(new Choice(), 2000, 10, 9.5).slice(6);
    const trials = went.flatMap((way, k) => (way ? [k] : []));
    expect(trials.length).toBeGreaterThan(3);
    expect(trials.length).toBeLessThan(8);
    expect((trials[3] as number) - (trials[2] as number)).toBeGreaterThan(2 * ((trials[1] as number) - (trials[0] as number)) - 2);
  });

  test('changes when processors become busy, and back; one slow run changes nothing', () => {
    const choice = new Choice();
    ways(choice, 20, 10, 6);
    choice.took(true, 100);
    expect(choice.together()).toBe(true);
    expect(ways(choice, 200, 10, 60).slice(-20).includes(true)).toBe(false);
    expect(ways(choice, 5000, 10, 6).slice(-20).every(Boolean)).toBe(true);
  });
});
