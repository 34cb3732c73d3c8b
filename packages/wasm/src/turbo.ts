import { Gemm, packedBytes } from './gemm/gemm.ts';
import { Machine, type Exported } from './kernels/compile.ts';
import { Heap, type Block } from './memory.ts';
import { isBeforeTurboshaft, setFlags, thisHost, type Host } from './probe.ts';
import { profiles, type Profile } from './profile.ts';

/** A product with every height of tile in it. */
const size = { m: 69, k: 160, n: 128 } as const;
/** Milliseconds in which the engine gets to optimise, then in which is measured. */
const warmMs = 40;
const measureMs = 20;
const attempts = 3;
/** As much faster than the plain tiles the wide ones have to be. */
const worth = 1.1;

/**
 * The profile with vectors of 256 bits, where V8 can make them of ours (Node 24 and later): switches V8's revectorizer on for the whole
 * process, and off again unless products then have the same bits as with `plain` and take less time. Everywhere else `plain`.
 */
export function accelerated(plain: Profile, host: Host = thisHost()): Profile {
  const wide = plain.relaxed ? profiles.revectorize : profiles['revectorize-deterministic'];
  if (host.process?.versions?.node === undefined || isBeforeTurboshaft(host.process.versions.v8)) return plain;
  setFlags('--experimental-wasm-revectorize', host);
  if (isFaster(trial(wide), trial(plain))) return wide;
  setFlags('--no-experimental-wasm-revectorize', host);
  return plain;
}

interface Trial { readonly run: () => void; readonly result: () => Int32Array }

/** Whether `a` gives the same bits as `b` in less time. Asked again where it seems not to: busy processors compile late, and interrupt. */
export function isFaster(a: Trial, b: Trial): boolean {
  if (!Array.from({ length: attempts }).some(() => seemsFaster(a, b))) return false;
  const [bits, others] = [a.result(), b.result()];
  return bits.every((word, k) => word === others[k]);
}

/** A product by a profile, over the same numbers for each. */
export function trial(profile: Profile): Trial {
  const { m, k, n } = size;
  const heap = new Heap({ shared: false, maximumPages: 64 });
  const [a, b, c] = [m * k, k * n, m * n].map((count) => heap.allocate(count * 4)) as [Block, Block, Block];
  const packed = heap.allocate(packedBytes(k, n, profile));
  for (const block of [a, b]) fill(heap.views.float32.subarray(block.address / 4, (block.address + block.bytes) / 4));
  const { pack, panels } = new Machine(heap, profile).exports((module) => {
    const gemm = new Gemm(module, profile);
    module.export(gemm.pack, 'pack');
    module.export(gemm.panels(k * 4), 'panels');
  }) as Record<'pack' | 'panels', Exported>;
  return {
    run: () => {
      pack(b.address, n * 4, 4, k, n, packed.address);
      panels(a.address, k * 4, packed.address, c.address, n * 4, m, k, n / profile.nr, 0, 0);
    },
    result: () => heap.views.int32.slice(c.address / 4, (c.address + c.bytes) / 4),
  };
}
// Private.

function seemsFaster(a: Trial, b: Trial): boolean {
  const untilWarm = performance.now() + warmMs;
  while (performance.now() < untilWarm) for (const { run } of [a, b]) run();
  const best = { a: Infinity, b: Infinity };
  const untilDone = performance.now() + measureMs;
  while (performance.now() < untilDone) {
    best.a = Math.min(best.a, timeOf(a));
    best.b = Math.min(best.b, timeOf(b));
  }
  return best.b > worth * best.a && best.b < Infinity;
}

function timeOf({ run }: Trial): number {
  const start = performance.now();
  for (let k = 0; k < 8; k++) run();
  return performance.now() - start;
}

function fill(numbers: Float32Array): void {
  let state = 1;
  for (let k = 0; k < numbers.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    numbers[k] = state / 2 ** 31 - 1;
  }
}
