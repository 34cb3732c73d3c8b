import { LSTM } from '@unroll/layers';
import { use, type Backend } from '@unroll/tensor';
import { adam, fit, mse, type Batch } from '@unroll/train';
import { wasm } from '@unroll/wasm';
import { expect, test } from 'vitest';

const [T, B, I, H] = [8, 4, 6, 16];

/** What reaches the memory of the backend from the host, and what goes back, in bytes. */
interface Traffic { readonly written: number[]; readonly read: number[]; allocations: number }

function counted(backend: Backend): Traffic {
  const traffic: Traffic = { written: [], read: [], allocations: 0 };
  const [write, read, allocate] = [backend.write.bind(backend), backend.read.bind(backend), backend.allocate.bind(backend)];
  Object.assign(backend, {
    write: (...args: Parameters<Backend['write']>) => { traffic.written.push(args[1].byteLength); write(...args); },
    read: (...args: Parameters<Backend['read']>) => { traffic.read.push(args[0].bytes); return read(...args); },
    allocate: (bytes: number) => { traffic.allocations += 1; return allocate(bytes); },
  });
  return traffic;
}

test('an update copies its batch into the memory once, reads only its loss, and takes no new pages', async () => {
  const backend = await wasm();
  const before = use(backend);
  const traffic = counted(backend);
  const batch: Batch = { inputs: new Float32Array(T * B * I).fill(0.5), targets: new Float32Array(T * B * H).fill(0.25), shape: [T, B, I], targetShape: [T, B, H] };
  const updates: { read: readonly number[]; large: readonly number[]; small: number; allocations: number; pages: number; used: number }[] = [];
  const batches = Array.from({ length: 40 }, () => batch);
  for await (const { loss } of fit(new LSTM(I, H), batches, { loss: mse, optimizer: adam({ lr: 1e-3 }) })) {
    const large = traffic.written.filter((bytes) => bytes > 64);
    updates.push({ read: [...traffic.read], large, small: traffic.written.length - large.length, allocations: traffic.allocations, pages: backend.memory().reserved, used: backend.memory().used });
    [traffic.written.length, traffic.read.length, traffic.allocations] = [0, 0, 0];
    expect(loss).toBeGreaterThan(0);
  }
  const [, , third, ...rest] = updates;
  expect(rest).toHaveLength(37);
  for (const update of rest) expect(update).toEqual(third);
  expect(third?.read).toEqual([4]);
  // Two states of zeros, inputs, targets; the optimiser's numbers are small.
  expect([...(third?.large ?? [])].sort((a, b) => a - b)).toEqual([B * H * 4, B * H * 4, T * B * I * 4, T * B * H * 4]);
  expect(third?.small).toBeLessThan(20);
  use(before);
  backend.dispose();
});
