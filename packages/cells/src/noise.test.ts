import { checkStep, differentiate, drawsRandom, freeNames, text, type Step } from '@unroll/expr';
import { expect, test } from 'vitest';
import { CellError, cells, stepOf, withInputDropout, withRecurrentDropout, withZoneout, type Cell } from './index.ts';

const stepFor = (cell: Cell): Step => stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true });
const next = ({ next: values }: Step): string[] => values.map(text);
const rnn = stepFor(cells.rnn);

test('input dropout scales what is kept of the input, with one draw for the whole sequence', () => {
  expect(next(withInputDropout(rnn, 0.2))).toEqual(['tanh(add(ih.0(mul(x, select(less(random(16777216, sequence), 0.8), 1.25, 0))), hh.0(h)))']);
});

test('recurrent dropout falls on the operands of recurrent products alone', () => {
  const mask = 'select(less(random(16777217, sequence), 0.5), 2, 0)';
  expect(next(withRecurrentDropout(rnn, 0.5))).toEqual([`tanh(add(ih.0(x), hh.0(mul(h, ${mask}))))`]);
  const [gru = ''] = next(withRecurrentDropout(stepFor(cells['gru-original']), 0.5));
  // z ⊙ h, which does not pass a product, has no mask; the candidate's r ⊙ h has, and so have its two gates.
  expect(gru).toContain(`h), ${mask})`);
  expect(gru).toMatch(/, h\)\)$/);
});

test('zoneout draws for every state and step, and takes the mean in evaluation', () => {
  const lstm = stepFor(cells.lstm);
  const [h = '', c = ''] = next(withZoneout(lstm, { h: 0.1, c: 0.5 }, 'draw'));
  expect(h).toMatch(/^select\(less\(random\(16777218, step\), 0\.1\), h, mul\(.*\)\)$/);
  expect(c).toMatch(/^select\(less\(random\(16777219, step\), 0\.5\), c, add\(/);
  // What is held of c, h does not see.
  expect(h).not.toContain('16777219');
  expect(next(withZoneout(rnn, { h: 0.25 }, 'expect'))).toEqual(['add(mul(0.25, h), mul(0.75, tanh(add(ih.0(x), hh.0(h)))))']);
  const held = withZoneout(lstm, { c: 0.5 }, 'draw');
  expect(held.next[0]).toBe(lstm.next[0]);
  expect(held.names.find(({ name }) => name === 'c')?.value).toBe(held.next[1]);
  expect(withZoneout(rnn, { h: 0.5 }, 'draw').outputs[0]?.value).toEqual(withZoneout(rnn, { h: 0.5 }, 'draw').next[0]);
});

test('a probability of 0 changes nothing, one of 1 leaves nothing', () => {
  expect(withInputDropout(rnn, 0)).toBe(rnn);
  expect(withRecurrentDropout(rnn, 0)).toBe(rnn);
  expect(withZoneout(rnn, { h: 0 }, 'draw')).toEqual(rnn);
  expect(next(withInputDropout(rnn, 1))).toEqual(['tanh(add(ih.0(0), hh.0(h)))']);
  expect(next(withRecurrentDropout(rnn, 1))).toEqual(['tanh(add(ih.0(x), hh.0(0)))']);
  expect(next(withZoneout(rnn, { h: 1 }, 'expect'))).toEqual(['h']);
});

test.each(Object.values(cells))('$name with all noise is sound, and its backward pass stores no mask', (cell) => {
  const plain = stepFor(cell);
  const dropped = cell.recurrentGates.length === 0 ? plain : withRecurrentDropout(plain, 0.3);
  const noisy = withZoneout(withInputDropout(dropped, 0.2), Object.fromEntries(cell.state.map((name) => [name, 0.1])), 'draw');
  expect(() => checkStep(noisy)).not.toThrow();
  const names = [...noisy.sequences, ...noisy.vectors, ...noisy.weights].map(({ name }) => name);
  const { kept, step } = differentiate(noisy, new Set(['h']), new Set(names));
  expect(() => checkStep(step)).not.toThrow();
  expect(drawsRandom(step)).toBe(true);
  // A mask is made of random numbers and constants alone.
  expect(kept.filter(({ value }) => freeNames([value]).size === 0)).toEqual([]);
});

test('what cannot be is refused', () => {
  expect(() => withRecurrentDropout(stepFor(cells.indrnn), 0.5)).toThrow(new CellError('recurrent dropout falls on the operands of recurrent products, and this cell has none; use zoneout.'));
  expect(() => withZoneout(rnn, { c: 0.5 }, 'draw')).toThrow(new CellError('zoneout: there is no state "c"; there are h.'));
  expect(() => withZoneout(rnn, { h: -1 }, 'draw')).toThrow(new CellError('zoneout of h must be a probability from 0 to 1, got -1.'));
  expect(() => withInputDropout(rnn, 2)).toThrow(new CellError('input dropout must be a probability from 0 to 1, got 2.'));
  expect(() => withRecurrentDropout(rnn, Number.NaN)).toThrow(new CellError('recurrent dropout must be a probability from 0 to 1, got NaN.'));
});
