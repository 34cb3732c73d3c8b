import { describe, expect, test } from 'vitest';
import { Rng } from '../rng.ts';
import { ignored, type SequenceBatch } from '../sequences.ts';
import { addingTask } from './adding.ts';
import { additionTask } from './addition.ts';
import { airlinePassengers, airlineTask } from './airline.ts';
import { copyTask } from './copy.ts';
import { datesTask } from './dates.ts';
import type { TaskDefinition } from './definition.ts';
import { dyckTask } from './dyck.ts';
import { echoTask } from './echo.ts';
import { lorenzTask } from './lorenz.ts';
import { parityTask } from './parity.ts';
import { embeddedReberTask, reberTask } from './reber.ts';
import { sineTask } from './sine.ts';
import { temporalOrder6aTask, temporalOrder6bTask } from './temporalOrder.ts';

/** One sequence of a batch: element (t, b) of what has one number a step. */
function row(values: ArrayLike<number>, count: number, b: number): number[] {
  return Array.from({ length: values.length / count }, (_, t) => values[t * count + b] as number);
}

/** The words of each sequence, by the symbols of the task. */
function words(task: TaskDefinition, batch: SequenceBatch, count: number): { input: string; target: string }[] {
  const { inputSymbols = [], targetSymbols = [] } = task.shape();
  return Array.from({ length: count }, (_, b) => ({
    input: row(batch.inputs, count, b).slice(0, batch.lengths?.[b]).map((id) => inputSymbols[id]).join(''),
    target: row(batch.targets, count, b).filter((id) => id !== ignored).map((id) => targetSymbols[id]).join(''),
  }));
}

describe('what is asked for follows from what is shown', () => {
  test('echo: the symbol of `lag` steps ago', () => {
    const { inputs, targets } = echoTask.generate(new Rng(1), 3, { length: 12, lag: 4, symbols: 5 });
    for (const b of [0, 1, 2]) {
      const [heard, said] = [row(inputs, 3, b), row(targets, 3, b)];
      expect(said).toEqual([ignored, ignored, ignored, ignored, ...heard.slice(0, 8)]);
    }
    expect(() => echoTask.generate(new Rng(1), 3, { length: 4, lag: 4 })).toThrow('nothing would be asked');
  });

  test('adding: the sum of the two marked values, each place marked as often as the others', () => {
    const [count, length] = [6000, 6];
    const { inputs, targets } = addingTask.generate(new Rng(2), count, { length });
    const marked = Array.from({ length }, () => 0);
    for (let b = 0; b < count; b++) {
      const places = Array.from({ length }, (_, t) => t).filter((t) => inputs[(t * count + b) * 2 + 1] === 1);
      expect(places).toHaveLength(2);
      const [first, second] = places.map((t) => inputs[(t * count + b) * 2] as number);
      expect(targets[b]).toBeCloseTo((first as number) + (second as number), 6);
      for (const t of places) marked[t] = (marked[t] as number) + 1;
    }
    // Each place is marked with probability 1/3; four standard errors.
    for (const times of marked) expect(Math.abs(times - count / 3)).toBeLessThan(4 * Math.sqrt((count * 2) / 9));
  });

  test('copy: the layout of the paper', () => {
    const { inputs, targets } = copyTask.generate(new Rng(3), 1, { delay: 5, items: 3, symbols: 8 });
    const shown = [...inputs.subarray(0, 3)];
    expect(shown.every((id) => id >= 1 && id <= 8)).toBe(true);
    expect([...inputs]).toEqual([...shown, 0, 0, 0, 0, 9, 9, 9, 9]);
    expect([...targets]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, ...shown]);
    expect(copyTask.baseline({ delay: 1000 })).toBeCloseTo((10 * Math.log(8)) / 1020, 12);
  });

  test('parity: of the ones so far, at each step or at the end', () => {
    const each = parityTask.generate(new Rng(4), 4, { length: 9 });
    const atEnd = parityTask.generate(new Rng(4), 4, { length: 9, every: 0 });
    for (const b of [0, 1, 2, 3]) {
      let odd = 0;
      const expected = row(each.inputs, 4, b).map((bit) => (odd = (odd + bit) % 2));
      expect(row(each.targets, 4, b)).toEqual(expected);
      expect(row(atEnd.targets, 4, b)).toEqual([...Array.from({ length: 8 }, () => ignored), expected[8]]);
    }
    expect(parityTask.baseline({ length: 9, every: 0 })).toBe(Math.LN2);
  });

  test('dyck: the innermost open bracket of words that are balanced and no deeper than allowed', () => {
    const options = { length: 30, kinds: 3, depth: 3 };
    const { inputSymbols = [], targetSymbols = [] } = dyckTask.shape(options);
    const batch = dyckTask.generate(new Rng(5), 50, options);
    let deepest = 0;
    for (let b = 0; b < 50; b++) {
      const open: string[] = [];
      const asked = row(batch.targets, 50, b).map((id) => targetSymbols[id]);
      row(batch.inputs, 50, b).forEach((id, t) => {
        const bracket = inputSymbols[id] as string;
        if ('([{'.includes(bracket)) open.push(bracket);
        else expect(`${open.pop()}${bracket}`).toMatch(/^(\(\)|\[\]|\{\})$/);
        deepest = Math.max(deepest, open.length);
        expect(asked[t]).toBe(open.at(-1) ?? 'none');
      });
      expect(open).toEqual([]);
    }
    expect(deepest).toBe(3);
    expect(() => dyckTask.generate(new Rng(5), 1, { length: 7 })).toThrow('even length, got 7');
  });

  test('reber: strings of the grammar, the next symbol asked for, legal ones told', () => {
    const inner = 'B(TS*X(XT*VP)*(S|XT*VV)|PT*V(P(XT*VP)*(S|XT*VV)|V))E';
    const patterns = { reber: new RegExp(`^${inner}$`), embedded: new RegExp(`^B(T${inner}T|P${inner}P)E$`) };
    for (const [task, pattern] of [[reberTask, patterns.reber], [embeddedReberTask, patterns.embedded]] as const) {
      const batch = task.generate(new Rng(6), 300);
      const seen = words(task, batch, 300).map(({ input, target }) => {
        expect(target.slice(0, -1)).toBe(input.slice(1));
        expect(input + target.slice(-1)).toMatch(pattern);
        return input + target.slice(-1);
      });
      // The shortest strings are the most frequent; long ones occur as well.
      expect(seen).toContain(task === reberTask ? 'BTXSE' : 'BTBTXSETE');
      expect(seen).toContain(task === reberTask ? 'BPVVE' : 'BPBPVVEPE');
      expect(Math.max(...seen.map((word) => word.length))).toBeGreaterThan(15);
    }
  });

  test('reber: what follows is legal, and so are both ways where there are two', () => {
    const batch = embeddedReberTask.generate(new Rng(8), 2000);
    const legal = batch.legal as Uint8Array;
    const rows = Array.from(batch.targets, (id, place) => ({ id, row: legal.subarray(place * 7, place * 7 + 7) }));
    const total = (row: Uint8Array): number => row.reduce((sum, bit) => sum + bit, 0);
    expect(rows.filter(({ id, row }) => (id === ignored ? total(row) > 0 : row[id] !== 1))).toEqual([]);
    const ways = rows.filter(({ id }) => id !== ignored).map(({ row }) => total(row));
    expect([...new Set(ways)].sort((a, b) => a - b)).toEqual([1, 2]);
    // What chance decides: ln 2 wherever there are two ways.
    const chance = ways.reduce((sum, count) => sum + Math.log(count), 0) / ways.length;
    expect(Math.abs(chance / embeddedReberTask.floor() - 1)).toBeLessThan(0.02);
    // The symbol before the last E is the second one: known to who remembers, and to nobody else.
    for (const { input } of words(embeddedReberTask, batch, 2000)) expect(input.at(-1)).toBe(input[1]);
  });

  test('temporal order: which of X and Y came in which order, at the places of the paper', () => {
    for (const [task, places] of [[temporalOrder6aTask, [[10, 20], [50, 60]]], [temporalOrder6bTask, [[10, 20], [33, 43], [66, 76]]]] as const) {
      const batch = task.generate(new Rng(9), 200);
      const { targetSymbols = [] } = task.shape();
      const lengths = [...(batch.lengths as Int32Array)];
      expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([100, 110]);
      words(task, batch, 200).forEach(({ input }, b) => {
        expect(input).toMatch(/^E[abcdXY]+B$/);
        const found = [...input].flatMap((symbol, t) => (symbol === 'X' || symbol === 'Y' ? [t] : []));
        expect(found).toHaveLength(places.length);
        found.forEach((t, i) => expect(t >= (places[i]?.[0] ?? 0) && t <= (places[i]?.[1] ?? 0)).toBe(true));
        expect(targetSymbols[batch.targets[b] as number]).toBe(found.map((t) => input[t]).join(''));
      });
    }
  });

  test('sine: the value some steps ahead, the same wave a period later', () => {
    const { inputs, targets } = sineTask.generate(new Rng(10), 2, { length: 40, period: 8, noise: 0, horizon: 8 });
    inputs.forEach((value, place) => expect(targets[place]).toBeCloseTo(value, 6));
    expect(sineTask.baseline({ period: 8, noise: 0, horizon: 8 })).toBeCloseTo(0, 12);
    expect(sineTask.baseline({ period: 8, noise: 0, horizon: 2 })).toBeCloseTo(1 / 2, 12);
    expect(sineTask.floor({ noise: 0.3 })).toBeCloseTo(0.09, 12);
  });

  test('lorenz: the same path however finely it is looked at, with mean 0 and deviation 1', () => {
    const coarse = lorenzTask.generate(new Rng(11), 1, { length: 40, interval: 0.05, horizon: 1 });
    const fine = lorenzTask.generate(new Rng(11), 1, { length: 80, interval: 0.025, horizon: 2 });
    coarse.inputs.forEach((value, t) => expect(Math.abs(value - (fine.inputs[2 * t] as number))).toBeLessThan(2e-3));
    expect(coarse.targets[0]).toBe(coarse.inputs[1]);
    const inputs = Float64Array.from(lorenzTask.generate(new Rng(12), 60, { length: 1000 }).inputs);
    const mean = inputs.reduce((sum, value) => sum + value, 0) / inputs.length;
    const deviation = Math.sqrt(inputs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inputs.length);
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
  });

  test('addition: sums that are right, backwards unless told otherwise', () => {
    for (const reverse of [0, 1]) {
      const batch = additionTask.generate(new Rng(13), 300, { digits: 3, reverse });
      for (const { input, target } of words(additionTask, batch, 300)) {
        const sum = reverse === 1 ? [...input].reverse().join('') : input;
        expect(sum).toMatch(/^(0|[1-9]\d{0,2})\+(0|[1-9]\d{0,2})$/);
        const [a, b] = sum.split('+').map(Number);
        expect(target).toBe(String((a as number) + (b as number)));
      }
    }
    const { targets, targetLengths, mask } = additionTask.generate(new Rng(13), 2);
    for (const b of [0, 1]) {
      const length = targetLengths?.[b] as number;
      expect(row(targets, 2, b).indexOf(0, length - 1)).toBe(length - 1);
      expect(row(mask as Float32Array, 2, b)).toEqual(row(targets, 2, b).map((_, t) => (t < length ? 1 : 0)));
    }
  });

  test('addition: a known baseline for one digit', () => {
    // 0 to 9 have one digit, 55 of 100 sums; 10 to 18 have two, 45 of 100: 2.45 steps with the end.
    const first = Array.from({ length: 10 }, (_, digit) => digit + 1 + (digit === 1 ? 45 : 0));
    const second = [55, ...Array.from({ length: 9 }, (_, digit) => 9 - digit)];
    const loss = (weights: readonly number[]): number => {
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.reduce((sum, weight) => sum + (weight / 100) * Math.log(all / weight), 0);
    };
    expect(additionTask.baseline({ digits: 1 })).toBeCloseTo((loss(first) + loss(second)) / 2.45, 10);
  });

  test('dates: every format of the example, and the ISO date that it says', () => {
    const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
    const readings: readonly (readonly [RegExp, string])[] = [
      [/^(\d\d)([A-Z]{3})(\d{4})$/, 'dmy'], [/^(\d\d)(\d\d)(\d\d)$/, 'mdy'], [/^(\d\d?)\/(\d\d?)\/(\d\d|\d{4})$/, 'mdy'], [/^(\d\d?)-(\d\d?)-(\d{4})$/, 'dmy'],
      [/^([A-Z]{3}) (\d\d),? (\d\d|\d{4})$/, 'mdy'], [/^(\d\d?)\.(\d\d?)\.(\d{4})$/, 'dmy'], [/^(\d{4})[.-](\d\d?)[.-](\d\d?)$/, 'ymd'], [/^(\d{4})(\d\d)(\d\d)$/, 'ymd'],
      [/^(\d\d?) ([A-Z]{3}) (\d{4})$/, 'dmy'],
    ];
    const used = new Set<string>();
    for (const { input, target } of words(datesTask, datesTask.generate(new Rng(14), 2000), 2000)) {
      const [pattern, order] = readings.find(([candidate]) => candidate.test(input)) as (typeof readings)[number];
      const parts = (pattern.exec(input) as RegExpExecArray).slice(1);
      const part = (key: string): string => parts[order.indexOf(key)] as string;
      const month = months.includes(part('m')) ? months.indexOf(part('m')) + 1 : Number(part('m'));
      const year = part('y').length === 4 ? part('y') : `${Number(part('y')) < 50 ? '20' : '19'}${part('y')}`;
      expect(target).toBe(`${year}-${String(month).padStart(2, '0')}-${part('d').padStart(2, '0')}`);
      expect(new Date(target).toISOString().slice(0, 10)).toBe(target);
      used.add(input.replace(/[A-Z]/g, 'A').replace(/\d/g, '0'));
    }
    // 20 formats, of which some look alike once their digits are hidden, and some have several looks.
    expect(used.size).toBeGreaterThan(20);
  });

  test('airline: the well-known series, and windows of its months that stay where they may', () => {
    const { values, length, names, times } = airlinePassengers();
    expect([length, names, values[0], values[143]]).toEqual([144, ['passengers'], 112, 432]);
    // The mean that R prints for AirPassengers.
    expect(values.reduce((sum, value) => sum + value, 0) / 144).toBeCloseTo(280.2986, 4);
    expect(new Date(times?.[143] ?? 0).toISOString()).toBe('1960-12-01T00:00:00.000Z');
    const scaled = airlineTask.generate(new Rng(15), 1, { length: 95 });
    const first = scaled.inputs[0] as number;
    const slope = ((scaled.inputs[1] as number) - first) / Math.log(118 / 112);
    scaled.targets.forEach((value, t) => expect(value).toBeCloseTo(first + slope * Math.log((values[t + 1] as number) / 112), 4));
    const late = airlineTask.generate(new Rng(15), 400, { length: 12, from: 120, to: 144 });
    expect(Math.max(...late.targets)).toBeCloseTo(first + slope * Math.log(622 / 112), 4);
    expect(Math.min(...late.inputs)).toBeCloseTo(first + slope * Math.log(342 / 112), 4);
    expect(() => airlineTask.generate(new Rng(15), 1, { from: 100, to: 120 })).toThrow('too few for a window of 24');
  });
});
