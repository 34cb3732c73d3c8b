import { beforeAll, describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../assembler.ts';
import { relaxedSimdSupported } from '../probe.ts';
import { ofOneRow, profiles, type Profile } from '../profile.ts';
import { Gemm, packedBytes, scratchBytes } from './gemm.ts';

type Run = (...values: readonly number[]) => void;
interface Kit {
  readonly profile: Profile;
  readonly pack: Run;
  readonly panels: Run;
  /** `panels` for rows of A that are 40 floats apart. */
  readonly panels40: Run;
  readonly product: Run;
  readonly direct: Run;
  readonly columnSums: Run;
  readonly heap: Float32Array;
  /** The address of a new region of so many floats, all set to `value`. */
  readonly region: (floats: number, value?: number) => number;
  /** The same, filled with numbers between −1 and 1. */
  readonly random: (floats: number) => number;
  readonly view: (address: number, floats: number) => Float32Array;
  readonly clear: () => void;
}

const pages = 700;
function kit(profile: Profile): Kit {
  const limits = { initial: pages, maximum: pages, shared: false };
  const module = new ModuleBuilder(limits);
  const gemm = new Gemm(module, profile);
  const functions = { pack: gemm.pack, panels40: gemm.panels(160), panels: gemm.panels(), product: gemm.product, direct: gemm.direct, columnSums: gemm.columnSums };
  for (const [name, reference] of Object.entries(functions)) module.export(reference, name);
  const memory = new WebAssembly.Memory(limits);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  const heap = new Float32Array(memory.buffer);
  let [next, seed] = [64, 1];
  const region = (floats: number, value = 0): number => {
    const address = next;
    next += Math.ceil(floats / 16) * 64 + 64;
    heap.fill(value, address / 4, next / 4);
    return address;
  };
  const view = (address: number, floats: number): Float32Array => heap.subarray(address / 4, address / 4 + floats);
  const random = (floats: number): number => {
    const address = region(floats);
    for (let index = 0; index < floats; index++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      heap[address / 4 + index] = seed / 2 ** 31 - 1;
    }
    return address;
  };
  const clear = (): void => {
    [next, seed] = [64, 1];
  };
  const runs = exports as unknown as Record<keyof typeof functions, Run>;
  // Of one row they are one function, exported under the later name.
  return { ...runs, panels40: runs.panels40 ?? runs.panels, profile, heap, region, view, random, clear };
}

/** A matrix in the heap: element (r, c) at float `address / 4 + r · row + c · column`. */
interface Matrix { readonly address: number; readonly row: number; readonly column: number }

function matrix(k: Kit, rows: number, columns: number, transposed: boolean, padding = 0): Matrix {
  const stride = (transposed ? rows : columns) + padding;
  const address = k.random((transposed ? columns : rows) * stride);
  return transposed ? { address, row: 1, column: stride } : { address, row: stride, column: 1 };
}

function at(k: Kit, { address, row, column }: Matrix, r: number, c: number): number {
  return k.heap[address / 4 + r * row + c * column] as number;
}

/** The largest error of C, in units of what rounding to float32 at each step could add up to. */
function error(k: Kit, c: Matrix, a: Matrix, b: Matrix, [m, n, depth]: Sizes, start: (r: number, c: number) => number): number {
  let worst = 0;
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let [sum, size] = [start(row, column), 1 + Math.abs(start(row, column))];
      for (let index = 0; index < depth; index++) {
        const term = at(k, a, row, index) * at(k, b, index, column);
        sum += term;
        size += Math.abs(term);
      }
      worst = Math.max(worst, Math.abs(at(k, c, row, column) - sum) / (size * 2 ** -24 * Math.sqrt(depth + 1)));
    }
  }
  return worst;
}
type Sizes = readonly [m: number, n: number, k: number];

function packed(k: Kit, b: Matrix, depth: number, n: number): number {
  const target = k.region(packedBytes(depth, n, k.profile) / 4, Number.NaN);
  k.pack(b.address, b.row * 4, b.column * 4, depth, n, target);
  return target;
}

type Start = 'zero' | 'bias' | 'matrix' | 'accumulate';
const starts: readonly Start[] = ['zero', 'bias', 'matrix', 'accumulate'];

interface Options { readonly start?: Start; readonly transposeA?: boolean; readonly transposeB?: boolean; readonly padding?: number }
interface Result { readonly error: number; readonly values: Float32Array; readonly untouched: boolean }

/** One product with C in the middle of a wider matrix of sevens, which must stay sevens around it. */
function multiply(k: Kit, name: 'product' | 'direct' | 'panels', sizes: Sizes, options: Options = {}): Result {
  const { start = 'zero', transposeA = false, transposeB = false, padding = 0 } = options;
  k.clear();
  const [m, n, depth] = sizes;
  const { nr } = k.profile;
  const a = matrix(k, m, depth, transposeA, padding);
  const b = matrix(k, depth, n, transposeB, name === 'product' ? padding : 0);
  const cRow = (name === 'panels' ? Math.ceil(n / nr) * nr : n) + padding;
  const c = { address: k.region(m * cRow, 7), row: cRow, column: 1 };
  const wide = Math.ceil(n / nr) * nr;
  const from = { address: start === 'accumulate' ? c.address : k.random(m * wide), row: start === 'bias' ? 0 : start === 'accumulate' ? cRow : wide, column: 1 };
  if (start === 'accumulate') k.view(c.address, m * cRow).set(k.view(k.random(m * cRow), m * cRow));
  const before = k.view(c.address, m * cRow).slice();
  const initial = k.view(from.address, from.row * (m - 1) + wide).slice();
  const source = start === 'zero' ? [0, 0] : [from.address, from.row * 4];
  if (name === 'direct') k.direct(a.address, a.row * 4, b.address, b.row * 4, c.address, cRow * 4, m, n, depth, ...source);
  else if (name === 'panels') (a.row === 40 ? k.panels40 : k.panels)(a.address, a.row * 4, packed(k, b, depth, n), c.address, cRow * 4, m, depth, wide / nr, ...source);
  else k.product(a.address, a.row * 4, a.column * 4, packed(k, b, depth, n), c.address, cRow * 4, m, n, depth, ...source, k.region(scratchBytes(k.profile) / 4, Number.NaN));
  const after = k.view(c.address, m * cRow);
  const used = name === 'panels' ? wide : n;
  return {
    error: error(k, c, a, b, sizes, (row, column) => (start === 'zero' ? 0 : (initial[row * from.row + column] as number))),
    values: Float32Array.from({ length: m * n }, (_, index) => at(k, c, Math.floor(index / n), index % n)),
    untouched: after.every((value, index) => index % cRow < used || value === before[index]),
  };
}

function sizes(count: number, largest: number): Sizes[] {
  let seed = 7;
  const next = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return 1 + Math.floor((seed / 2 ** 32) * largest);
  };
  return Array.from({ length: count }, () => [next(), next(), next()] as const);
}

beforeAll(() => {
  relaxedSimdSupported();
});

describe.each(Object.values(profiles).map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  // Compiled once the relaxed instructions are allowed, which is what beforeAll is for.
  let k: Kit;
  beforeAll(() => {
    k = kit(profile);
  });

  test('pack lays a matrix out in panels, with zeros behind its last column', () => {
    for (const [, n, depth] of sizes(60, 40)) {
      for (const [transposed, padding] of [[false, 0], [true, 0], [false, 3], [true, 3]] as const) {
        k.clear();
        const b = matrix(k, depth, n, transposed, padding);
        const { nr } = profile;
        const floats = packedBytes(depth, n, profile) / 4;
        const expected = Float32Array.from({ length: floats }, (_, index) => {
          const column = Math.floor(index / (depth * nr)) * nr + (index % nr);
          return column < n ? at(k, b, Math.floor(index / nr) % depth, column) : 0;
        });
        expect(k.view(packed(k, b, depth, n), floats + 1)).toEqual(Float32Array.of(...expected, Number.NaN));
      }
    }
  });

  test('pack reads any two strides', () => {
    k.clear();
    const source = { address: k.random(400), row: 2, column: 30 };
    const target = packed(k, source, 5, 11);
    expect(k.heap[target / 4 + profile.nr * 2 + 3]).toBe(at(k, source, 2, 3));
  });

  test.each(starts)('panels, starting from %s', (start) => {
    for (const shape of sizes(80, 40)) {
      const result = multiply(k, 'panels', shape, { start });
      expect({ shape, untouched: result.untouched, right: result.error < 2 }).toEqual({ shape, untouched: true, right: true });
    }
  });

  test('panels: every height beside every count of panels', () => {
    for (let m = 1; m <= 13; m++) {
      for (let n = 1; n <= 9; n++) expect(multiply(k, 'panels', [m, n * profile.nr, 9], { start: 'bias' }).error).toBeLessThan(2);
    }
  });

  test('panels with a row distance known when the code is made', () => {
    for (let m = 1; m <= 13; m++) expect(multiply(k, 'panels', [m, 64, 40]).error).toBeLessThan(2);
    expect(multiply(k, 'panels', [9, 64, 40]).values).toEqual(multiply(k, 'product', [9, 64, 40]).values);
  });

  test.each(starts)('product, starting from %s, A and B either way round', (start) => {
    for (const shape of sizes(40, 40)) {
      for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
        const result = multiply(k, 'product', shape, { start, transposeA, transposeB, padding: 3 });
        expect({ shape, transposeA, transposeB, untouched: result.untouched, right: result.error < 2 }).toEqual({ shape, transposeA, transposeB, untouched: true, right: true });
      }
    }
  });

  test.each([[64, 1024, 256, false], [300, 70, 30, false], [97, 9, 1025, false], [2048, 256, 64, true], [150, 17, 2049, true], [1, 1, 1, true]] as const)('product %i × %i × %i', (m, n, depth, transposeA) => {
    expect(multiply(k, 'product', [m, n, depth], { transposeA, start: 'bias' }).error).toBeLessThan(2);
  });

  test('a product over nothing is what it starts from', () => {
    expect(multiply(k, 'product', [5, 11, 0], { start: 'matrix' }).error).toBe(0);
    expect(multiply(k, 'product', [5, 11, 0]).values).toEqual(new Float32Array(55));
    expect(multiply(k, 'product', [0, 11, 5]).untouched).toBe(true);
  });

  test.each(['zero', 'bias', 'matrix'] as const)('direct, starting from %s', (start) => {
    for (const [m, n, depth] of sizes(60, 40)) {
      const shape = [1 + (m % 8), n + profile.nr, depth] as const;
      const result = multiply(k, 'direct', shape, { start, padding: 2 });
      expect({ shape, untouched: result.untouched, right: result.error < 2 }).toEqual({ shape, untouched: true, right: true });
    }
  });

  test.each(['zero', 'bias', 'matrix'] as const)('of one row, starting from %s: the same bits', (start) => {
    const row = kit(ofOneRow(profile));
    for (const [, n, depth] of [...sizes(40, 200), [1, 64, 0], [1, 32, 1]] as const) {
      for (const name of ['panels', 'product'] as const) {
        const result = multiply(row, name, [1, n, depth], { start });
        expect({ n, depth, untouched: result.untouched, right: result.error < 2 }).toEqual({ n, depth, untouched: true, right: true });
      }
      expect(multiply(row, 'product', [1, n, depth]).values).toEqual(multiply(k, 'product', [1, n, depth]).values);
    }
    expect(multiply(row, 'product', [0, 40, 5], { start }).untouched).toBe(true);
  });

  test('column sums', () => {
    for (const [m, n] of [[1, 1], [7, 3], [40, 37], [129, 71], [3, 256]] as const) {
      k.clear();
      const a = matrix(k, m, n, false, 5);
      const to = k.region(n + 1, 7);
      const sum = (column: number): number => Array.from({ length: m }, (_, row) => at(k, a, row, column)).reduce((total, value) => Math.fround(total + value), 0);
      k.columnSums(a.address, a.row * 4, m, n, to, 0);
      const once = Float32Array.from({ length: n }, (_, column) => sum(column));
      expect(k.view(to, n + 1)).toEqual(Float32Array.of(...once, 7));
      k.columnSums(a.address, a.row * 4, m, n, to, to);
      for (let column = 0; column < n; column++) expect(k.heap[to / 4 + column]).toBeCloseTo(2 * sum(column), 4);
    }
  });
});

test('the shape of tiles and the blocking change no bit', () => {
  const shapes = [[3, 4, [1]], [4, 8, [3, 2, 1, 1]], [5, 12, [2, 2, 1, 1, 1]], [6, 16, [2, 1, 1, 1, 1, 1]]] as const;
  const kits = shapes.map(([mr, nr, panels]) => kit({ ...profiles.deterministic, mr, nr, panels: Array.from({ length: mr }, (_, index) => panels[index] ?? 1) }));
  for (const shape of [[1, 65, 70], [2, 33, 40], [7, 40, 600], [13, 21, 33], [200, 30, 40], [30, 40, 1100]] as const) {
    for (const transposeA of [false, true]) {
      const hashes = new Set(kits.map((k) => multiply(k, 'product', shape, { transposeA, start: 'bias' }).values.join()));
      expect(hashes.size).toBe(1);
    }
    const ways = new Set(kits.flatMap((k) => (['product', 'direct', 'panels'] as const).map((name) => multiply(k, name, shape).values.join())));
    expect(ways.size).toBe(1);
  }
});
