import type { Buffer, HostData } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { wasm } from '../index.ts';
import { placesOf, plainRecurrence } from './recurrence.ts';

const kernel = plainRecurrence(24, 5, 3);
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
    const { inputs, outputs } = placesOf(backend, kernel);
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
