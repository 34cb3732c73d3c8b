import { TensorError } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { ModuleBuilder } from './assembler.ts';
import { Heap } from './memory.ts';

test.each([true, false])('grows as it is asked for, shared: %s', (shared) => {
  const heap = new Heap({ shared });
  const before = heap.statistics;
  const first = heap.allocate(1000);
  heap.views.float32[first.address / 4] = 42;
  const blocks = Array.from({ length: 20 }, () => heap.allocate(1_000_000));
  expect(heap.statistics).toMatchObject({ used: 20_001_000, blocks: 21 });
  expect(heap.statistics.reserved).toBeGreaterThan(20_001_000);
  expect(heap.views.float32[first.address / 4]).toBe(42);
  for (const block of [first, ...blocks]) heap.free(block);
  expect(heap.statistics).toMatchObject({ used: 0, blocks: 0, arenas: before.arenas });
});

test('keeps a page behind the last block, so that vectors may be read past its end', () => {
  const heap = new Heap({ shared: true });
  for (let k = 0; k < 40; k++) {
    const block = heap.allocate(65536 * 3);
    expect(heap.statistics.reserved - (block.address + block.bytes)).toBeGreaterThanOrEqual(65536);
  }
});

test('says what was asked for and what there is when memory ends', () => {
  const heap = new Heap({ shared: true, maximumPages: 100 });
  const block = heap.allocate(3_000_000);
  const allocateMore = (): unknown => heap.allocate(4_000_000);
  expect(allocateMore).toThrow(TensorError);
  expect(allocateMore).toThrow(/cannot grow by \d+ bytes: \d+ of at most 6553600 are taken, 3000000 of them by tensors/u);
  expect(heap.statistics.used).toBe(3_000_000);
  heap.free(block);
  expect(heap.allocate(4_000_000).bytes).toBe(4_000_000);
});

test('refuses to free twice', () => {
  const heap = new Heap({ shared: true });
  const block = heap.allocate(100);
  heap.free(block);
  expect(() => heap.free(block)).toThrow(/free each block once/u);
});

test('scratch memory is shared and its addresses stay good, arenas are counted', () => {
  const heap = new Heap({ shared: true });
  const small = heap.scratch(1000);
  expect(heap.scratch(500)).toBe(small);
  const large = heap.scratch(100_000);
  expect(large).not.toBe(small);
  expect(heap.scratch(1000)).toBe(large);
  const before = heap.statistics.arenas;
  const arena = heap.reserveArena(12_345);
  expect(heap.statistics).toMatchObject({ arenas: before + 12_345, used: 0 });
  heap.releaseArena(arena);
  expect(heap.statistics.arenas).toBe(before);
  expect(heap.allocate(100).address).not.toBe(small);
});

test('addresses above 2 GiB work', () => {
  const heap = new Heap({ shared: true });
  const large = heap.allocate(2 ** 31);
  const block = heap.allocate(1_000_000);
  expect(block.address).toBeGreaterThan(2 ** 31);
  const module = new ModuleBuilder(heap.limits);
  module.function({ params: ['i32', 'f32'], results: [] }, (f) => f.get(f.param(0)).get(f.param(1)).memory('f32.store', 16), 'run');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory: heap.memory } });
  (instance.exports['run'] as (address: number, value: number) => void)(block.address, 7);
  expect(heap.views.float32[block.address / 4 + 4]).toBe(7);
  heap.free(large);
  heap.free(block);
});

test('constants lie in the first page, each once, and in code when it is full', () => {
  const heap = new Heap({ shared: true });
  const module = new ModuleBuilder(heap.limits);
  const results = heap.allocate(16 * 10_000);
  module.function({ params: [], results: [] }, (f) => {
    for (let k = 0; k < 10_000; k++) {
      f.i32(results.address + k * 16);
      heap.constants.float(f, k % 2 === 0 ? k : -0);
      f.memory('v128.store');
    }
    f.i32(results.address);
    heap.constants.bits(f, 0x8000_0000);
    f.memory('v128.store', 16);
  }, 'run');
  (new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory: heap.memory } }).exports['run'] as () => void)();
  const values = heap.views.float32.subarray(results.address / 4, results.address / 4 + 4 * 10_000);
  expect([...values].every((value, k) => Object.is(value, k % 8 < 4 ? Math.floor(k / 4) : -0))).toBe(true);
  expect(heap.constants.count).toBe(4092);
});
