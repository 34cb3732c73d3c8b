import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataError, RaggedStreams, type RaggedBatch, type RaggedOptions } from './index.ts';

const document = (start: number, length: number): Int32Array => Int32Array.from({ length }, (_, t) => start + t);

/** Batches of one pass. */
function pass(documents: readonly Int32Array[], options: RaggedOptions): RaggedBatch[] {
  const streams = new RaggedStreams(documents, options);
  return Array.from({ length: streams.stepsPerEpoch }, () => streams.next());
}

const column = (values: ArrayLike<number>, [, batch]: readonly [number, number], row: number): number[] => Array.from(values).filter((_, place) => place % batch === row);

test('rows read their documents piece by piece, and take the next one when they are free', () => {
  const batches = pass([document(10, 6), document(20, 3), document(30, 2)], { batch: 2, length: 3, shuffle: false });
  expect(batches.map(({ shape }) => shape)).toEqual([[3, 2], [2, 2]]);
  const [first, second] = batches as [RaggedBatch, RaggedBatch];
  expect([column(first.inputs, first.shape, 0), column(first.targets, first.shape, 0)]).toEqual([[10, 11, 12], [11, 12, 13]]);
  expect([column(first.inputs, first.shape, 1), column(first.targets, first.shape, 1), column(first.mask, first.shape, 1)]).toEqual([[20, 21, 0], [21, 22, -100], [1, 1, 0]]);
  expect([[...first.starts], first.reset, first.count]).toEqual([[1, 1], true, 5]);
  expect([column(second.inputs, second.shape, 0), column(second.inputs, second.shape, 1)]).toEqual([[13, 14], [30, 0]]);
  expect([[...second.starts], second.reset, second.count]).toEqual([[0, 1], false, 3]);
});

test('in every pass each symbol but the first of a document is predicted once, from the one before it, in the order of the document', () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 7 }), fc.nat({ max: 9 }),
    (lengths, batch, length, seed) => {
      const documents = lengths.map((size, k) => document(100 * (k + 1), size));
      const streams = new RaggedStreams(documents, { batch, length, seed });
      for (let epoch = 0; epoch < 2; epoch++) {
        const rows = Array.from({ length: batch }, () => [] as number[]);
        const read: number[] = [];
        for (let left = streams.stepsPerEpoch; left > 0; left--) {
          const { inputs, targets, shape, mask, starts, count } = streams.next();
          for (const [row, seen] of rows.entries()) if (starts[row] === 1) seen.length = 0;
          for (const [place, input] of inputs.entries()) {
            const seen = rows[place % batch] as number[];
            if (mask[place] !== 1) {
              expect(targets[place]).toBe(-100);
              continue;
            }
            // What the state of the row knows is the document up to here, and nothing else.
            expect([input % 100, targets[place]]).toEqual([seen.length, input + 1]);
            seen.push(input);
            read.push(input);
          }
          expect(count).toBe(mask.reduce((sum, one) => sum + one, 0));
          expect(shape[0]).toBeLessThanOrEqual(length);
        }
        expect(read.sort((a, b) => a - b)).toEqual(documents.flatMap((ids) => [...ids.slice(0, -1)]));
      }
      expect(streams.cursor).toEqual({ epoch: 2, step: 0 });
    },
  ), { numRuns: 60 });
});

test('a cursor goes on with the same batches, and passes differ', () => {
  const documents = [5, 9, 2, 14, 7, 3].map((size, k) => document(100 * k, size));
  const options = { batch: 2, length: 4, seed: 3 };
  const streams = new RaggedStreams(documents, options);
  const first = Array.from({ length: 5 }, () => streams.next());
  const other = new RaggedStreams(documents, { ...options, cursor: JSON.parse(JSON.stringify(streams.cursor)) as { epoch: number; step: number } });
  expect(other.next()).toEqual(streams.next());
  streams.restore({ epoch: 0, step: 0 });
  expect(streams.next()).toEqual(first[0]);
  streams.restore({ epoch: 1, step: 0 });
  expect(streams.next()).not.toEqual(first[0]);
  expect(() => streams.restore({ epoch: 0, step: 99 })).toThrow('RaggedStreams.restore: there is no step 99 of epoch 0; restore with the documents');
  expect(streams.cursor).toEqual({ epoch: 1, step: 1 });
});

test('what cannot be read is refused', () => {
  expect(() => new RaggedStreams([], { batch: 1, length: 1 })).toThrow('RaggedStreams: number of documents must be an integer of at least 1, got 0');
  expect(() => new RaggedStreams([document(0, 1)], { batch: 1, length: 1 })).toThrow('RaggedStreams: document 0 has 1 symbols, but two are needed to predict one; leave it out');
  expect(() => new RaggedStreams([document(0, 2)], { batch: 0, length: 1 })).toThrow(DataError);
});
