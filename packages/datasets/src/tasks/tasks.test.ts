import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors.ts';
import { Rng } from '../rng.ts';
import { ignored, type SequenceBatch, type SequenceShape } from '../sequences.ts';
import { taskOptions, type TaskDefinition, type TaskName, type TaskValues } from './definition.ts';
import { tasks } from './registry.ts';

const all = Object.entries(tasks) as [TaskName, TaskDefinition][];
const volume = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

// FNV-1a (Fowler, Noll, Vo) over the bytes: any other number means another batch.
function hash(...arrays: readonly (ArrayBufferView | undefined)[]): number {
  let value = 0x811c9dc5;
  for (const array of arrays) {
    if (array === undefined) continue;
    for (const byte of new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  return value;
}

function expectInShape(batch: SequenceBatch, shape: SequenceShape, count: number): void {
  const steps = batch.inputShape[0] as number;
  expect(batch.inputShape).toEqual(shape.inputs === 'ids' ? [steps, count] : [steps, count, shape.inputSize]);
  expect(batch.inputs).toHaveLength(volume(batch.inputShape));
  expect(batch.inputs).toBeInstanceOf(shape.inputs === 'ids' ? Int32Array : Float32Array);
  const rows = shape.per === 'answer' ? (batch.targetShape[0] as number) : steps;
  expect(batch.targetShape).toEqual([...(shape.per === 'sequence' ? [] : [rows]), count, ...(shape.targets === 'classification' ? [] : [shape.targetSize])]);
  expect(batch.targets).toHaveLength(volume(batch.targetShape));
  expect(batch.targets).toBeInstanceOf(shape.targets === 'classification' ? Int32Array : Float32Array);
  for (const values of [batch.inputs, batch.targets]) expect(values.every((value) => Number.isFinite(value))).toBe(true);
}

describe.each(all)('%s', (name, task) => {
  test('is known by its name and says what it is in one sentence', () => {
    expect(task.name).toBe(name);
    expect(task.description).toMatch(/^[A-Z][^.]+\.$/);
    expect(task.source).not.toBe('');
    expect(task.shape()).toMatchObject(task.kind);
  });

  test('gives what its shape says, ids and classes within their range, and asks for nothing where the mask is 0', () => {
    const shape = task.shape();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(2 ** 30), (count, seed) => {
        const batch = task.generate(new Rng(seed), count);
        expectInShape(batch, shape, count);
        if (shape.inputs === 'ids') expect(batch.inputs.every((id) => id >= 0 && id < shape.inputSize)).toBe(true);
        if (shape.targets === 'classification') {
          const asked = (place: number): boolean => batch.mask === undefined || batch.mask[place] === 1;
          expect([...batch.targets].every((label, place) => (asked(place) ? label >= 0 && label < shape.targetSize : label === ignored))).toBe(true);
        }
        expect(batch.lengths?.every((length) => length >= 1 && length <= (batch.inputShape[0] as number)) ?? true).toBe(true);
        if (shape.inputSymbols !== undefined) expect(shape.inputSymbols).toHaveLength(shape.inputSize);
        if (shape.targetSymbols !== undefined) expect(shape.targetSymbols).toHaveLength(shape.targetSize);
      }),
      { numRuns: 20 },
    );
  });

  test('is decided by the generator alone and goes on where it stands', () => {
    const rng = new Rng(7);
    task.generate(rng, 5);
    const saved = rng.state;
    const next = task.generate(rng, 5);
    expect(task.generate(Rng.fromState(saved), 5)).toEqual(next);
    expect(task.generate(new Rng(7), 5)).not.toEqual(next);
  });

  test('refuses options that there are not, or out of range, or a batch of none', () => {
    const rng = new Rng(1);
    const before = rng.state;
    expect(() => task.generate(rng, 0)).toThrow(DataError);
    expect(() => task.generate(rng, 2, { lenght: 3 })).toThrow(/there is no option "lenght"/);
    for (const [option, { min, max }] of Object.entries(task.options)) {
      for (const value of [min - 1, max + 1, Number.NaN]) expect(() => task.generate(rng, 2, { [option]: value })).toThrow(`${name}: ${option} must be`);
    }
    expect(rng.state).toEqual(before);
  });

  test('has options whose defaults lie within their range', () => {
    for (const { default: usual, min, max, about } of Object.values(task.options)) {
      expect(usual).toBeGreaterThanOrEqual(min);
      expect(usual).toBeLessThanOrEqual(max);
      expect(about).not.toBe('');
    }
    expect(taskOptions(task)).toEqual(Object.fromEntries(Object.entries(task.options).map(([key, option]) => [key, option.default])));
  });

  test('has a baseline above its floor, which is what a large sample says', () => {
    const values = small[name];
    const [baseline, floor] = [task.baseline(values), task.floor(values)];
    expect(floor).toBeGreaterThanOrEqual(0);
    expect(baseline).toBeGreaterThan(floor);
    const batch = task.generate(new Rng(3), name === 'lorenz' ? 400 : 20_000, values);
    const measured = measure[`${task.kind.targets === 'classification' ? 'classes' : 'values'} per ${task.kind.per}`]?.(batch) as number;
    expect(Math.abs(measured / baseline - 1)).toBeLessThan(name === 'lorenz' ? 0.05 : 0.02);
  });
});

test('batches stay what they are: saved experiments depend on it', () => {
  const hashes = Object.fromEntries(all.map(([name, task]) => {
    const { inputs, targets, lengths } = task.generate(new Rng(20261121), 4);
    return [name, hash(inputs, targets, lengths)];
  }));
  expect(hashes).toMatchInlineSnapshot(`
    {
      "adding": 423168001,
      "addition": 4108812313,
      "airline": 2014030417,
      "copy": 3091638693,
      "dates": 4197603320,
      "dyck": 3082878261,
      "echo": 1231158533,
      "embedded-reber": 1347497891,
      "lorenz": 4180498662,
      "parity": 2394313861,
      "reber": 1417444599,
      "sine": 2860060118,
      "temporal-order-6a": 1051875901,
      "temporal-order-6b": 2779700349,
    }
  `);
});

// Small enough that a sample of 20,000 sequences knows all its probabilities.
const small: Readonly<Record<TaskName, TaskValues>> = {
  echo: { length: 12, lag: 3, symbols: 3 }, adding: { length: 10 }, copy: { delay: 5, items: 3, symbols: 4 }, parity: { length: 8 }, dyck: { length: 12, kinds: 3, depth: 3 },
  reber: {}, 'embedded-reber': {}, 'temporal-order-6a': { length: 10 }, 'temporal-order-6b': { length: 10 }, sine: { length: 8, noise: 0.4, horizon: 3 },
  lorenz: {}, addition: {}, dates: {}, airline: {},
};

/** The least loss without memory, from counts and moments of a sample. */
const measure: Readonly<Record<string, (batch: SequenceBatch) => number>> = {
  'classes per step': ({ inputs, targets, targetShape: [, count = 1] }) => entropy(targets, (place) => `${Math.floor(place / count)} ${inputs[place]}`),
  'classes per answer': ({ targets, targetShape: [, count = 1] }) => entropy(targets, (place) => String(Math.floor(place / count))),
  'classes per sequence': ({ targets }) => entropy(targets, () => ''),
  'values per sequence': ({ targets }) => residual(new Float32Array(targets.length), targets),
  'values per step': ({ inputs, targets }) => residual(inputs, targets),
};

// Mean of -ln p(class | what is known), with the shares of the sample as p.
function entropy(targets: ArrayLike<number>, known: (place: number) => string): number {
  const tables = new Map<string, Map<number, number>>();
  let count = 0;
  for (let place = 0; place < targets.length; place++) {
    const label = targets[place] as number;
    if (label === ignored) continue;
    count++;
    const key = known(place);
    const table = tables.get(key) ?? new Map<number, number>();
    tables.set(key, table.set(label, (table.get(label) ?? 0) + 1));
  }
  let loss = 0;
  for (const table of tables.values()) {
    const total = [...table.values()].reduce((sum, seen) => sum + seen, 0);
    for (const seen of table.values()) loss += seen * Math.log(total / seen);
  }
  return loss / count;
}

// Least squares by the normal equations.
function residual(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let [sx, sy, sxx, sxy, syy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [x[i] as number, y[i] as number];
    sx += a; sy += b; sxx += a * a; sxy += a * b; syy += b * b;
  }
  const variance = sxx / n - (sx / n) ** 2;
  const covariance = sxy / n - (sx / n) * (sy / n);
  return syy / n - (sy / n) ** 2 - (variance > 0 ? covariance ** 2 / variance : 0);
}
