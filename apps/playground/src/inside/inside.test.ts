import { cells } from '@unroll/cells';
import { expect, test } from 'vitest';
import type { CellChoice } from '../config/config.ts';
import { pictureOf } from '../training/picture.ts';
import type { Trace } from '../training/protocol.ts';
import { anatomyOf, channel, courseOf, lanesOf, numbersAt, type Anatomy } from './anatomy.ts';
import { colourOf, css, inkOn, paletteOf, parsed, pixels, type Palette } from './colour.ts';
import { moved, within } from './cursor.ts';
import { decades, halfLifeOf, reachOf, wallOf, wallsOf } from './reach.ts';

const anatomy = (choice: CellChoice): Promise<Anatomy> => anatomyOf(choice, async (wanted) => pictureOf(wanted));
const palette: Palette = { negative: [0, 0, 255], zero: [255, 255, 255], positive: [255, 128, 0] };
const signed = { kind: 'signed', size: 2 } as const;

test('colours: the middle at zero, the ends at the largest size and beyond', () => {
  expect(colourOf(0, signed, palette)).toEqual([255, 255, 255]);
  expect(colourOf(2, signed, palette)).toEqual([255, 128, 0]);
  expect(colourOf(-9, signed, palette)).toEqual([0, 0, 255]);
  expect(colourOf(-1, signed, palette)).toEqual([128, 128, 255]);
  expect(colourOf(Number.NaN, signed, palette)).toEqual([128, 128, 128]);
  expect(css([1, 2, 3])).toBe('rgb(1 2 3)');
  expect(parsed(' #0a10ff')).toEqual([10, 16, 255]);
  expect(parsed('red')).toEqual([0, 0, 0]);
  expect(paletteOf({ getPropertyValue: (name: string) => (name === '--zero' ? '#ffffff' : '#000000') }).zero).toEqual([255, 255, 255]);
  expect([inkOn([255, 255, 255]), inkOn([20, 30, 90])]).toEqual(['black', 'white']);
});

test('a picture has time to the right and units downwards', () => {
  const made = pixels([0, 2, -2, 0, 0, 2], 3, 2, signed, palette);
  const at = (t: number, unit: number): number[] => [...made.slice((unit * 3 + t) * 4, (unit * 3 + t) * 4 + 4)];
  expect(at(0, 1)).toEqual([255, 128, 0, 255]);
  expect(at(1, 0)).toEqual([0, 0, 255, 255]);
  expect(at(2, 1)).toEqual([255, 128, 0, 255]);
});

/** Two steps of an LSTM with two units, numbers by hand. */
const trace: Trace = {
  step: 0, length: 2, hidden: 2, inputs: Int32Array.of(1, 0), inputSize: 3, targets: Int32Array.of(0, 1), outputs: new Float32Array(4), outputSize: 2,
  values: {
    i: Float32Array.of(0.5, 1, 1, 0), f: Float32Array.of(0.9, 0.1, 0.5, 1), g: Float32Array.of(1, -1, 0.5, 0.25), o: Float32Array.of(1, 1, 0.5, 0.5),
    c: Float32Array.of(0.5, -1, 0.75, -3), h: Float32Array.of(0.46, -0.76, 0.3, -0.4),
  },
  reach: { h: Float32Array.of(0.3, 0.6), c: Float32Array.of(0.4, 0.8) },
};

test('lanes: gates before states, shares from 0 to 1, others as large as they get', async () => {
  const lanes = lanesOf(await anatomy({ cell: 'lstm' }), trace);
  expect(lanes.map(({ name }) => name)).toEqual(['i', 'f', 'g', 'o', 'c', 'h']);
  expect(lanes.map(({ role }) => role)).toEqual(['gate', 'gate', 'gate', 'gate', 'state', 'state']);
  expect(lanes.map(({ range }) => `${range.kind} ${range.size}`)).toEqual(['share 1', 'share 1', 'signed 1', 'share 1', 'signed 5', 'signed 1']);
});

test('the conveyor of an LSTM keeps f of c and adds i ⊙ g, that of a GRU keeps z of h; an RNN has none', async () => {
  const lstm = await anatomy({ cell: 'lstm' });
  expect(lstm.conveyors).toEqual([{ state: 'c', kept: ['gate f'], added: [expect.stringMatching(/^operator /)] }]);
  const course = courseOf(lstm, trace, 1, [...lstm.conveyors[0]?.kept ?? [], ...lstm.conveyors[0]?.added ?? [], 'state c']);
  expect([...course.values()].map((values) => [...values].map((value) => Number(value.toFixed(4))))).toEqual([[0.1, 1], [-1, 0], [0, -1]]);
  expect((await anatomy({ cell: 'gru' })).conveyors[0]).toMatchObject({ state: 'h', kept: ['gate z'] });
  expect((await anatomy({ cell: 'rnn' })).conveyors).toEqual([]);
});

test('every cell of the registry has an anatomy, and one of equations too', async () => {
  for (const name of Object.keys(cells) as (keyof typeof cells)[]) expect((await anatomy({ cell: name })).layout.nodes.length).toBeGreaterThan(3);
  expect((await anatomy({ cell: 'custom', equations: 'h = tanh(W_h x + R_h h + b_h)' })).cell.state).toEqual(['h']);
  await expect(anatomy({ cell: 'custom', equations: 'h = tan(' })).rejects.toThrow(/line 1/);
});

test('numbers of a step: the input as it comes in, states zero before the first step', async () => {
  const numbers = numbersAt(await anatomy({ cell: 'lstm' }), trace, 0);
  expect([...numbers.get('input x') as Float32Array]).toEqual([0, 1, 0]);
  expect([...numbers.get('state c') as Float32Array]).toEqual([0, 0]);
  expect(channel(numbers.get('gate g'), 1)).toBe(-1);
  expect(channel([7], 5)).toBe(7);
});

test('half-life: what halves with every three steps back has three, what grows has a negative one', () => {
  const fading = Array.from({ length: 20 }, (_, t) => 2 ** (-(19 - t) / 3));
  expect(halfLifeOf(fading, 19)).toBeCloseTo(3, 6);
  expect(halfLifeOf(fading.toReversed(), 19)).toBeCloseTo(-3, 6);
  expect(halfLifeOf(Array.from({ length: 9 }, () => 1), 8)).toBe(Infinity);
  expect(halfLifeOf([1, 1], 1)).toBeNaN();
  expect(halfLifeOf([0, 0, 0, 0.25, 0.5, 1], 5)).toBeCloseTo(1, 6);
});

test('reach takes all states together', () => {
  const reach = reachOf(trace);
  expect([...reach?.norms ?? []].map((norm) => Number(norm.toFixed(6)))).toEqual([0.5, 1]);
  expect(reach?.last).toBe(1);
  expect(reachOf({ ...trace, reach: {} })).toBeUndefined();
  expect(decades([reach])).toEqual({ low: -2, high: 0 });
  expect(decades([undefined])).toEqual({ low: -3, high: 0 });
  expect(decades([{ norms: Float32Array.of(1e-30, 1), last: 1, halfLife: 1 }])).toEqual({ low: -12, high: 0 });
});

test('the wall stands where the piece of the last answer begins', () => {
  expect([wallOf(19, 0), wallOf(19, 8), wallOf(16, 8), wallOf(15, 8)]).toEqual([0, 16, 16, 8]);
  expect(wallsOf(20, 8)).toEqual([8, 16]);
  expect(wallsOf(16, 8)).toEqual([8]);
  expect(wallsOf(16, 0)).toEqual([]);
});

test('arrow keys move the cursor and stop at the edges; keys with Shift are the page’s', () => {
  const extent = { length: 5, hidden: 3 };
  const press = (key: string, held = {}): unknown => moved({ t: 0, unit: 2 }, { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held }, extent);
  expect(press('ArrowRight')).toEqual({ t: 1, unit: 2 });
  expect(press('ArrowLeft')).toEqual({ t: 0, unit: 2 });
  expect(press('ArrowDown')).toEqual({ t: 0, unit: 2 });
  expect(press('ArrowUp')).toEqual({ t: 0, unit: 1 });
  expect(press('End')).toEqual({ t: 4, unit: 2 });
  expect(press('ArrowRight', { shiftKey: true })).toBeUndefined();
  expect(press('q')).toBeUndefined();
  expect(within({ t: 99, unit: 99 }, extent)).toEqual({ t: 4, unit: 2 });
});
