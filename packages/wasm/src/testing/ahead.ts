import { add, dot, input, tanh, type Step } from '@unroll/expr';
import type { Buffer, HostData, ScanKernel } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { wasm } from '../index.ts';

const [H, T, B] = [24, 5, 3];
const next = tanh(add(dot('W', 0, input('x')), dot('R', 0, input('h'))));
const step: Step = {
  states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], vectors: [],
  weights: [{ name: 'W', blocks: 1, rows: H, columns: H, bias: true }, { name: 'R', blocks: 1, rows: H, columns: H, bias: true }],
  next: [next], outputs: [{ name: 'y', width: H, value: next }], accumulations: [], names: [],
};
const kernel: ScanKernel = { kind: 'scan', step, dtype: 'float32', steps: T, batch: B, reverse: false, masked: false };
/** What browsers once compiled on a page's own thread at most, and embedded ones still do. */
const smallBytes = 4096;

/** Sizes of the modules that were compiled on this thread while `body` ran. */
async function compiledHere(body: () => Promise<void> | void): Promise<number[]> {
  const original = WebAssembly.Module;
  const sizes: number[] = [];
  WebAssembly.Module = new Proxy(original, {
    construct(target, [bytes]: [Uint8Array<ArrayBuffer>]) {
      sizes.push(bytes.length);
      return new target(bytes);
    },
  });
  try {
    await body();
  } finally {
    WebAssembly.Module = original;
  }
  return sizes;
}

/** Compiling ahead, in Node and in pages. */
export function aheadSuite(): void {
  const run = async (ahead: boolean, wait: boolean): Promise<{ readonly before: number[]; readonly during: number[]; readonly result: HostData }> => {
    const backend = await wasm({ deterministic: true });
    const before = await compiledHere(async () => {
      const compiled = ahead ? backend.compile([kernel]) : undefined;
      if (wait) await compiled;
    });
    const filled = (size: number): Buffer => {
      const buffer = backend.allocate(size * 4);
      backend.write(buffer, Float32Array.from({ length: size }, (_, k) => Math.sin(k)));
      return buffer;
    };
    const inputs = [B * H, T * B * H, H * H, H, H * H, H].map(filled);
    const outputs = [B * H, T * B * H].map((size) => backend.allocate(size * 4));
    const during = await compiledHere(() => { backend.dispatch(kernel, inputs, outputs); });
    return { before, during, result: await backend.read(outputs[1] as Buffer, 'float32') };
  };

  test('a recurrence is compiled off this thread, and is there when it runs', async () => {
    const plain = await run(false, false);
    expect(plain.during.some((size) => size > smallBytes)).toBe(true);
    const { before, during, result } = await run(true, true);
    expect(before.filter((size) => size > smallBytes)).toEqual([]);
    expect(during.filter((size) => size > smallBytes)).toEqual([]);
    expect(result).toEqual(plain.result);
  });

  test('whoever does not wait for it gets the same', async () => {
    expect((await run(true, false)).result).toEqual((await run(false, false)).result);
  });
}
