import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from './errors.ts';
import { evaluationWindows, TextStreams, type StreamCursor, type TextBatch } from './streams.ts';

// Distinct ids, so that each place in a batch tells where it was read.
const range = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);

/** The recipe, literally: data = ids[:B*n].view(B, n).t(); rows [sT, sT+T) and [sT+1, sT+T+1). */
function recipe(ids: Int32Array, batch: number, length: number, step: number): { inputs: number[][]; targets: number[][] } {
  const n = Math.floor(ids.length / batch);
  const view = Array.from({ length: batch }, (_, b) => [...ids.subarray(b * n, (b + 1) * n)]);
  const data = Array.from({ length: n }, (_, row) => view.map((stream) => stream[row] as number));
  const from = step * length;
  return { inputs: data.slice(from, from + length), targets: data.slice(from + 1, from + length + 1) };
}

function rows({ inputs, targets, shape: [time, batch] }: TextBatch): { inputs: number[][]; targets: number[][] } {
  const table = (values: Int32Array): number[][] => {
    expect(values.length).toBe(time * batch);
    return Array.from({ length: time }, (_, t) => [...values.subarray(t * batch, (t + 1) * batch)]);
  };
  return { inputs: table(inputs), targets: table(targets) };
}

const take = (streams: TextStreams, count: number): TextBatch[] => Array.from({ length: count }, () => streams.next());

// A text long enough for its batch and length.
const sizes = fc
  .record({ batch: fc.integer({ min: 1, max: 7 }), length: fc.integer({ min: 1, max: 9 }), extra: fc.nat(120) })
  .map(({ batch, length, extra }) => ({ batch, length, ids: range(batch * (length + 1) + extra) }));

describe('TextStreams', () => {
  test('gives the rows of the recipe at every step, pass after pass', () => {
    fc.assert(
      fc.property(sizes, ({ ids, batch, length }) => {
        const streams = new TextStreams(ids, { batch, length });
        const perEpoch = streams.stepsPerEpoch;
        take(streams, 2 * perEpoch + 1).forEach((given, k) => {
          const step = k % perEpoch;
          expect(rows(given)).toEqual(recipe(ids, batch, length, step));
          expect(given.shape).toEqual([length, batch]);
          expect(given.reset).toBe(step === 0);
        });
      }),
    );
  });

  test('a pass has as many steps as fit: one more would lack targets', () => {
    fc.assert(
      fc.property(sizes, ({ ids, batch, length }) => {
        const { stepsPerEpoch, streamLength } = new TextStreams(ids, { batch, length });
        expect(streamLength).toBe(Math.floor(ids.length / batch));
        expect(recipe(ids, batch, length, stepsPerEpoch - 1).targets).toHaveLength(length);
        expect(recipe(ids, batch, length, stepsPerEpoch).targets.length).toBeLessThan(length);
      }),
    );
  });

  test('within a pass each batch goes on where the one before stopped', () => {
    const streams = new TextStreams(range(107), { batch: 3, length: 5 });
    const batches = take(streams, streams.stepsPerEpoch).map(rows);
    batches.slice(1).forEach((given, i) => expect(given.inputs[0]).toEqual(batches[i]?.targets.at(-1)));
  });

  test('has the sizes of the 100,000 characters in 8 streams that the reference curves use', () => {
    const streams = new TextStreams(range(100_000), { batch: 8, length: 32 });
    expect([streams.streamLength, streams.stepsPerEpoch]).toEqual([12_500, 390]);
    expect(streams.next().targets[7]).toBe(87_501);
  });

  test('counts passes and steps, and a saved cursor gives the same batches again', () => {
    fc.assert(
      fc.property(sizes, fc.nat(60), ({ ids, batch, length }, skipped) => {
        const streams = new TextStreams(ids, { batch, length });
        take(streams, skipped);
        const cursor = JSON.parse(JSON.stringify(streams.cursor)) as StreamCursor;
        expect(cursor).toEqual({ epoch: Math.floor(skipped / streams.stepsPerEpoch), step: skipped % streams.stepsPerEpoch });
        const expected = take(streams, 5);
        expect(take(new TextStreams(ids, { batch, length, cursor }), 5)).toEqual(expected);
        streams.restore(cursor);
        expect(take(streams, 5)).toEqual(expected);
      }),
    );
  });

  test('is an endless iterable that continues after a break', () => {
    const streams = new TextStreams(range(50), { batch: 2, length: 4 });
    const seen: TextBatch[] = [];
    for (let loop = 0; loop < 3; loop++) {
      let count = 0;
      for (const batch of streams) {
        seen.push(batch);
        if (++count === 4) break;
      }
    }
    expect(seen).toEqual(take(new TextStreams(range(50), { batch: 2, length: 4 }), 12));
  });

  test('gives arrays of its own: writing into a batch changes neither the text nor the next batch', () => {
    const ids = range(40);
    const streams = new TextStreams(ids, { batch: 2, length: 19 });
    streams.next().inputs.fill(-1);
    expect([...ids]).toEqual([...range(40)]);
    expect(streams.next().inputs[0]).toBe(0);
  });

  test('refuses what does not fit, with the numbers', () => {
    expect(() => new TextStreams(range(9), { batch: 2, length: 4 })).toThrow(
      'TextStreams: 9 symbols are too few for 2 streams of 5 (one more than the length), which need 10; give a longer text, or lower batch or length',
    );
    expect(new TextStreams(range(10), { batch: 2, length: 4 }).stepsPerEpoch).toBe(1);
    expect(() => new TextStreams(range(0), { batch: 1, length: 1 })).toThrow(DataError);
    expect(() => new TextStreams(range(99), { batch: 0, length: 4 })).toThrow('TextStreams: batch must be an integer of at least 1, got 0');
    expect(() => new TextStreams(range(99), { batch: 2, length: 1.5 })).toThrow(/length must be/);
  });

  test('refuses a cursor of other streams, and stays where it was', () => {
    const streams = new TextStreams(range(41), { batch: 2, length: 4 });
    streams.next();
    for (const cursor of [{ epoch: 0, step: 4 }, { epoch: -1, step: 0 }, { epoch: 0, step: 0.5 }, {} as StreamCursor]) {
      expect(() => streams.restore(cursor)).toThrow(DataError);
    }
    expect(() => streams.restore({ epoch: 2, step: 4 })).toThrow(/no step 4 of epoch 2 in streams of 4 steps a pass/);
    expect(streams.cursor).toEqual({ epoch: 0, step: 1 });
  });
});

describe('evaluationWindows', () => {
  const cases = fc
    .record({ batch: fc.integer({ min: 1, max: 9 }), length: fc.integer({ min: 1, max: 12 }), extra: fc.nat(150) })
    .map(({ batch, length, extra }) => ({ batch, length, ids: range(batch + 1 + extra) }));

  test('predicts every id but the first exactly once, from the id before it', () => {
    fc.assert(
      fc.property(cases, ({ ids, batch, length }) => {
        const windows = evaluationWindows(ids, { batch, length });
        const targets = [...windows].flatMap((window) => {
          window.inputs.forEach((id, i) => expect(window.targets[i]).toBe(id + 1));
          expect(window.shape[0]).toBeLessThanOrEqual(length);
          return [...window.targets];
        });
        expect(targets.sort((a, b) => a - b)).toEqual([...ids.subarray(1)]);
        expect(windows.predictions).toBe(targets.length);
      }),
    );
  });

  test('each stream goes on from window to window until a reset', () => {
    fc.assert(
      fc.property(cases, ({ ids, batch, length }) => {
        const windows = [...evaluationWindows(ids, { batch, length })];
        const continued = windows.flatMap((window, i) => (window.reset ? [] : [i]));
        for (const i of continued) {
          const before = rows(windows[i - 1] as TextBatch).targets.at(-1);
          expect(rows(windows[i] as TextBatch).inputs[0]).toEqual(before);
        }
        // The streams begin, and the remainder where the predictions do not divide evenly.
        expect(windows.length - continued.length).toBe((ids.length - 1) % batch === 0 ? 1 : 2);
      }),
    );
  });

  test('includes the last partial window, and the remainder as one more stream', () => {
    const shapes = [...evaluationWindows(range(24), { batch: 3, length: 4 })].map(({ shape, reset }) => [...shape, reset]);
    expect(shapes).toEqual([
      [4, 3, true],
      [3, 3, false],
      [2, 1, true],
    ]);
  });

  test('can be gone through again', () => {
    const windows = evaluationWindows(range(30), { batch: 2, length: 6 });
    expect([...windows]).toEqual([...windows]);
  });

  test('chooses one stream per 1,000 predictions, at least 1 and at most 32', () => {
    const chosen = (size: number): number => evaluationWindows(range(size), { length: 50 }).batch;
    expect([2, 1000, 2000, 2001, 9600, 111_540].map(chosen)).toEqual([1, 1, 1, 2, 9, 32]);
  });

  test('refuses what cannot be predicted, before the first window', () => {
    expect(() => evaluationWindows(range(1), { length: 4 })).toThrow(
      'evaluationWindows: 1 symbols are too few to predict in 1 stream, which needs 2; hold out more',
    );
    expect(() => evaluationWindows(range(4), { length: 4, batch: 4 })).toThrow(DataError);
    expect(() => evaluationWindows(range(9), { length: 0 })).toThrow(/length must be an integer of at least 1/);
    expect(() => evaluationWindows(range(9), { length: 4, batch: -1 })).toThrow(/batch must be/);
  });
});
