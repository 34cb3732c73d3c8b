import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ignored, lengthsOf, sequenceSet, subset, type SequenceKind } from './sequences.ts';

const shape = (kind: SequenceKind, inputSize: number, targetSize: number): SequenceKind & { inputSize: number; targetSize: number } => ({ ...kind, inputSize, targetSize });

describe('sequenceSet', () => {
  test('pads ids and one class a sequence', () => {
    const inputs = [[1, 2, 3], [4], [5, 6]];
    const set = sequenceSet({
      shape: shape({ inputs: 'ids', targets: 'classification', per: 'sequence' }, 7, 3), size: 3,
      length: (i) => (inputs[i] as number[]).length, input: (i) => inputs[i] as number[], target: (i) => [i],
    });
    const batch = set.batch([2, 0]);
    expect(batch).toEqual({
      inputs: Int32Array.of(5, 1, 6, 2, 0, 3), inputShape: [3, 2], lengths: Int32Array.of(2, 3), targets: Int32Array.of(2, 0), targetShape: [2],
    });
    expect([...lengthsOf(set)]).toEqual([3, 1, 2]);
    expect(set.batch([0])).not.toHaveProperty('lengths');
    const some = subset(set, [2, 0]);
    expect([some.size, [...lengthsOf(some)], some.batch([0, 1]), Array.from(some.input(1)), some.target(0)]).toEqual([2, [2, 3], batch, [1, 2, 3], [2]]);
    expect(() => some.batch([2])).toThrow('indices go from 0 to 1');
    expect(() => subset(set, [3])).toThrow('indices go from 0 to 2');
    for (const wrong of [[3], [-1], [0.5], []]) expect(() => set.batch(wrong)).toThrow('batch:');
  });

  test('pads values and classes at each step, and says which steps count', () => {
    const inputs = [[1, 2, 3, 4], [5, 6]];
    const set = sequenceSet({
      shape: shape({ inputs: 'values', targets: 'classification', per: 'step' }, 2, 9), size: 2,
      length: (i) => (inputs[i] as number[]).length / 2, input: (i) => inputs[i] as number[], target: (i) => (i === 0 ? [7, 8] : [6]),
    }, { multiple: 4 });
    expect(set.batch([0, 1])).toEqual({
      inputs: Float32Array.of(1, 2, 5, 6, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), inputShape: [4, 2, 2], lengths: Int32Array.of(2, 1),
      targets: Int32Array.of(7, 6, 8, ignored, ignored, ignored, ignored, ignored), targetShape: [4, 2], mask: Float32Array.of(1, 1, 1, 0, 0, 0, 0, 0),
    });
  });

  test('gives answers lengths of their own', () => {
    const set = sequenceSet({
      shape: shape({ inputs: 'ids', targets: 'classification', per: 'answer' }, 4, 4), size: 2,
      length: () => 2, input: () => [1, 2], target: (i) => (i === 0 ? [3, 0] : [1, 2, 3, 0]),
    }, { targetLength: 5 });
    expect(set.batch([0, 1])).toEqual({
      inputs: Int32Array.of(1, 1, 2, 2), inputShape: [2, 2], targets: Int32Array.of(3, 1, 0, 2, ignored, 3, ignored, 0, ignored, ignored), targetShape: [5, 2],
      targetLengths: Int32Array.of(2, 4), mask: Float32Array.of(1, 1, 1, 1, 0, 1, 0, 1, 0, 0),
    });
  });

  test('gives regressions per sequence and bits per step their width', () => {
    const source = { size: 2, length: () => 1, input: () => [1], target: (i: number) => [i, 10 * i, 100 * i] };
    const values = sequenceSet({ ...source, shape: shape({ inputs: 'values', targets: 'regression', per: 'sequence' }, 1, 3) }).batch([1, 0]);
    expect([values.targets, values.targetShape]).toEqual([Float32Array.of(1, 10, 100, 0, 0, 0), [2, 3]]);
    const bits = sequenceSet({ ...source, shape: shape({ inputs: 'values', targets: 'binary', per: 'step' }, 1, 3) }).batch([1, 0]);
    expect([bits.targets, bits.targetShape]).toEqual([Float32Array.of(1, 10, 100, 0, 0, 0), [1, 2, 3]]);
  });

  test('refuses targets that do not fit', () => {
    const set = sequenceSet({ shape: shape({ inputs: 'ids', targets: 'classification', per: 'step' }, 2, 2), size: 1, length: () => 2, input: () => [0, 1], target: () => [1] });
    expect(() => set.batch([0])).toThrow('a sequence has 1 targets where its kind and length ask for 2');
  });

  test('puts every value where time-major order has it, whatever the lengths', () => {
    const rows = fc.array(fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })), { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 5 }), (sequences, multiple) => {
        const set = sequenceSet({
          shape: shape({ inputs: 'values', targets: 'regression', per: 'step' }, 2, 2), size: sequences.length,
          length: (i) => (sequences[i] as unknown[]).length, input: (i) => (sequences[i] as number[][]).flat(), target: (i) => (sequences[i] as number[][]).flat(),
        }, { multiple });
        const { inputs, inputShape: [steps = 0, count = 0], lengths, mask, targets } = set.batch(sequences.map((_, i) => i));
        expect(steps % multiple).toBe(0);
        for (let t = 0; t < steps; t++) {
          for (let b = 0; b < count; b++) {
            const place = t * count + b;
            const pair = sequences[b]?.[t] ?? [0, 0];
            expect([inputs[2 * place], inputs[2 * place + 1]]).toEqual(pair);
            expect(mask?.[place] ?? 1).toBe(t < (sequences[b] as unknown[]).length ? 1 : 0);
          }
        }
        expect([...(lengths ?? sequences.map(() => steps))]).toEqual(sequences.map((sequence) => sequence.length));
        expect(targets).toEqual(inputs);
      }),
    );
  });
});
