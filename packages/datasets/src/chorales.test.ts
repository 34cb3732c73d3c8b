import { describe, expect, test } from 'vitest';
import { choraleSet, parseChorales, pianoKeys, type PianoRoll } from './chorales.ts';

const json = (train: unknown): string => JSON.stringify({ train, valid: [[[60], [62]]], test: [[[21], [108]]] });

/** The pitches of a frame. */
const pitches = (frames: ArrayLike<number>, t: number): number[] => Array.from({ length: pianoKeys }, (_, key) => key).filter((key) => frames[t * pianoKeys + key] === 1).map((key) => key + 21);

describe('chorales', () => {
  test('become frames of 88 bits', () => {
    const { train, validation, test: tested } = parseChorales(json([[[72, 60], [], [60]]]), 'x.json');
    const [piece] = train as [PianoRoll];
    expect(piece).toHaveLength(3 * 88);
    expect([0, 1, 2].map((t) => pitches(piece, t))).toEqual([[60, 72], [], [60]]);
    expect([validation.length, tested.length]).toEqual([1, 1]);
    expect([0, 1].map((t) => pitches(tested[0] as PianoRoll, t))).toEqual([[21], [108]]);
  });

  test('are read frame by frame and asked for the next, the first as well where a silence goes before', () => {
    const { train } = parseChorales(json([[[60], [61], [62]], [[70], [71]]]), 'x.json');
    const batch = choraleSet(train).batch([0, 1]);
    expect([batch.inputShape, batch.targetShape, [...(batch.lengths ?? [])], [...(batch.mask ?? [])]]).toEqual([[2, 2, 88], [2, 2, 88], [2, 1], [1, 1, 1, 0]]);
    expect([0, 1, 2, 3].map((frame) => pitches(batch.inputs, frame))).toEqual([[60], [70], [61], []]);
    expect([0, 1, 2, 3].map((frame) => pitches(batch.targets, frame))).toEqual([[61], [71], [62], []]);
    const whole = choraleSet(train, { start: true });
    expect([whole.length(0), [0, 1, 2].map((t) => pitches(whole.input(0), t)), [0, 1, 2].map((t) => pitches(whole.target(0), t))]).toEqual([3, [[], [60], [61]], [[60], [61], [62]]]);
  });

  test('refuse what is not so, with its place', () => {
    expect(() => parseChorales('{', 'x.json')).toThrow('x.json: not JSON');
    expect(() => parseChorales('{"train":[]}', 'x.json')).toThrow('no list of pieces "train"');
    expect(() => parseChorales('null', 'x.json')).toThrow('no list of pieces "train"');
    expect(() => parseChorales(json([[[60], [20]]]), 'x.json')).toThrow('x.json: piece 0 of "train", step 1: a pitch is a whole number from 21 to 108, got 20');
    expect(() => parseChorales(json([[60]]), 'x.json')).toThrow('piece 0 of "train" is not a list of steps');
    expect(() => choraleSet([new Uint8Array(88)])).toThrow('piece 0 has too few frames');
  });
});
