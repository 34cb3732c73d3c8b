import { TensorError } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { Pool, sizeClass } from './pool.ts';
import { anyDevice } from './program.ts';

/** A device with so much memory, which tells of errors as devices do: later, and by scopes. */
class FakeDevice {
  readonly destroyed: number[] = [];
  readonly #memory: number;
  #taken = 0;
  #scopes: { filter: string; error: { message: string } | null }[] = [];

  constructor(memory: number) {
    this.#memory = memory;
  }

  pushErrorScope(filter: string): void {
    this.#scopes.push({ filter, error: null });
  }

  async popErrorScope(): Promise<unknown> {
    return this.#scopes.pop()?.error;
  }

  createBuffer({ size }: { size: number }): unknown {
    const fits = this.#taken + size <= this.#memory;
    if (fits) this.#taken += size;
    const scope = this.#scopes.find(({ filter }) => filter === 'out-of-memory');
    if (!fits && scope !== undefined) scope.error = { message: 'too much' };
    return { destroy: () => { this.destroyed.push(size); if (fits) this.#taken -= size; } };
  }
}

function poolOf(memory: number, budget = Infinity): { readonly pool: Pool; readonly device: FakeDevice } {
  const device = new FakeDevice(memory);
  return { device, pool: new Pool(device as unknown as GPUDevice, anyDevice.limits, budget) };
}

test('sizes are powers of two up to 1 MiB, then steps of a quarter', () => {
  expect([0, 1, 256, 257, 5000, 2 ** 20].map(sizeClass)).toEqual([256, 256, 256, 512, 8192, 2 ** 20]);
  expect([1, 1.25, 1.26, 1.6, 2].map((factor) => sizeClass(factor * 2 ** 24) / 2 ** 24)).toEqual([1, 1.25, 1.5, 1.75, 2]);
  for (let bytes = 2 ** 20; bytes < 2 ** 27; bytes = Math.floor(bytes * 1.1)) {
    expect(sizeClass(bytes)).toBeGreaterThanOrEqual(bytes);
    expect(sizeClass(bytes)).toBeLessThanOrEqual(bytes * 1.25 + 4);
    expect(sizeClass(bytes) % 4).toBe(0);
  }
});

test('what is given back is taken again, by size', async () => {
  const { pool } = poolOf(Infinity);
  const [a, b] = [pool.take(1000), pool.take(3000)];
  pool.give(a);
  pool.give(b);
  expect(pool.take(2100)).toBe(b);
  expect(pool.take(600)).toBe(a);
  expect(pool.statistics()).toEqual({ created: 2, buffers: 2, reserved: 1024 + 4096 });
  await pool.settled();
  expect(pool.settled()).toBeUndefined();
});

test('of several the oldest is taken, whatever the order in which they came back', () => {
  const { pool } = poolOf(Infinity);
  const blocks = Array.from({ length: 6 }, () => pool.take(100));
  for (const k of [3, 0, 5, 1, 4, 2]) pool.give(blocks[k] as (typeof blocks)[number]);
  expect(blocks.map(() => pool.take(100))).toEqual(blocks);
});

test('trimming destroys what is free, not what recorded commands use', () => {
  const { pool, device } = poolOf(Infinity);
  const [a, b] = [pool.take(1000), pool.take(3000)];
  pool.give(a);
  pool.give(b);
  b.batch = pool.batch;
  expect([pool.trim(), device.destroyed]).toEqual([1024, [1024]]);
  pool.batch += 1;
  expect([pool.trim(), device.destroyed]).toEqual([4096, [1024, 4096]]);
  expect(pool.statistics()).toEqual({ created: 2, buffers: 0, reserved: 0 });
});

test('what the device has no memory for is tried again when free buffers are gone', async () => {
  const { pool, device } = poolOf(4096 + 1024);
  const [a, b] = [pool.take(4096), pool.take(1024)];
  pool.give(a);
  const large = pool.take(3000);
  expect(large).toBe(a);
  pool.give(large);
  const other = pool.take(2048);
  const before = other.id;
  await pool.settled();
  expect(device.destroyed).toEqual([4096]);
  expect(other.fault).toBeUndefined();
  // Another buffer: what was bound to the first one is bound anew.
  expect(other.id).not.toBe(before);
  expect(b.fault).toBeUndefined();
});

test('a second failure is an error with the sizes, and what failed is not used again', async () => {
  const { pool } = poolOf(4096);
  const a = pool.take(4096);
  const failed = pool.take(1000);
  await pool.settled();
  expect(failed.fault).toBeInstanceOf(TensorError);
  expect(failed.fault?.message).toBe('webgpu: no memory for 1024 bytes: 4096 are taken, the device said: too much; free tensors or use smaller batches.');
  pool.give(failed);
  expect(pool.statistics()).toMatchObject({ buffers: 1, reserved: 4096 });
  pool.give(a);
  expect(pool.take(1000)).not.toBe(failed);
});

test('keeps to a budget and to the largest buffer of the device', () => {
  const { pool, device } = poolOf(Infinity, 8192);
  const a = pool.take(8192);
  expect(() => pool.take(10)).toThrow(/no memory for 10 bytes: 8192 are taken, 8192 are allowed/u);
  pool.give(a);
  expect(pool.take(10).bytes).toBe(256);
  expect(device.destroyed).toEqual([8192]);
  expect(() => pool.take(2 ** 28 + 4)).toThrow(/no buffer may have more than 268435456/u);
});
