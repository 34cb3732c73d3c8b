import { check, checkWhole } from './errors.ts';
import { savedFields } from './saved.ts';

/** A metric at a step. */
export interface Point { readonly step: number; readonly value: number }

/** A metric's past, as plain JSON. */
export interface SeriesState {
  /** Values heard. */
  readonly seen: number;
  /** Every so many of them are kept. */
  readonly every: number;
  readonly steps: readonly number[];
  /** null stands for NaN and infinity, which JSON does not have. */
  readonly values: readonly (number | null)[];
  readonly last: readonly [step: number, value: number | null];
}

/**
 * Metrics by name and step, to draw and to save. However long a training lasts, each metric keeps a bounded number of values: when
 * they are too many, every second one goes, and from then on only every second one comes in.
 */
export class History {
  readonly #capacity: number;
  readonly #series = new Map<string, Series>();

  /** `capacity`: how many values of a metric are kept at most. Default 4096. */
  constructor({ capacity = 4096 }: { readonly capacity?: number } = {}) {
    checkWhole('History', 2, { capacity });
    this.#capacity = capacity;
  }

  /** Names of the metrics, in the order in which they came. */
  get names(): readonly string[] { return [...this.#series.keys()]; }

  add(step: number, values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const series = this.#series.get(name) ?? { seen: 0, every: 1, points: [], last: { step, value } };
      this.#series.set(name, extended(series, { step, value }, this.#capacity));
    }
  }

  /** What was kept of a metric, from the oldest to the newest. */
  series(name: string): readonly Point[] {
    return this.#series.get(name)?.points ?? [];
  }

  /** The last value of a metric, whether it was kept or not. */
  latest(name: string): Point | undefined {
    return this.#series.get(name)?.last;
  }

  state(): Readonly<Record<string, SeriesState>> {
    return Object.fromEntries([...this.#series].map(([name, { seen, every, points, last }]) => [name, {
      seen, every, steps: points.map(({ step }) => step), values: points.map(({ value }) => jsonNumber(value)), last: [last.step, jsonNumber(last.value)],
    }]));
  }

  /** Goes on from what `state` gave. Throws TrainError `state` for anything else, and stays as it was. */
  restore(state: unknown): void {
    const restored = Object.entries(savedFields('History', state)).map(([name, series]) => [name, parse(name, series)] as const);
    this.#series.clear();
    for (const [name, series] of restored) this.#series.set(name, series);
  }
}

interface Series {
  readonly seen: number;
  readonly every: number;
  /** Grows in place: a copy at every step would take quadratic time. */
  readonly points: Point[];
  readonly last: Point;
}

function extended({ seen, every, points }: Series, last: Point, capacity: number): Series {
  if (seen % every === 0) points.push(last);
  if (points.length <= capacity) return { seen: seen + 1, every, points, last };
  return { seen: seen + 1, every: every * 2, points: points.filter((_, k) => k % 2 === 0), last };
}

function jsonNumber(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function parse(name: string, saved: unknown): Series {
  const { seen, every, steps, values, last } = savedFields('History', saved);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const isValue = (value: unknown): value is number | null => value === null || typeof value === 'number';
  const isFine = isCount(seen) && isCount(every) && every >= 1 && Array.isArray(steps) && Array.isArray(values) && Array.isArray(last)
    && steps.length === values.length && steps.every(isCount) && values.every(isValue) && isCount(last[0]) && isValue(last[1]);
  check(isFine, 'state', () => `History: the saved values of ${name} are not what was written; the file is damaged.`);
  return { seen, every, points: steps.map((step, k) => point(step, values[k])), last: point(last[0] as number, last[1]) };
}

function point(step: number, value: number | null | undefined): Point {
  return { step, value: value ?? NaN };
}
