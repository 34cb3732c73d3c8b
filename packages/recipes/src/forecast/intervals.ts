import { check } from '../errors.ts';

/**
 * Prediction intervals, as plain JSON: for each coverage and each place of the horizon how far around the forecast the interval reaches,
 * in scaled units.
 *
 * Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018, arXiv 1604.04173): with n windows that were not learnt from, the
 * ⌈(n + 1) c⌉-th smallest of their absolute errors at that place. It covers a share of at least c of new values, whatever the model, where these
 * are exchangeable with the validated ones; a series that drifts breaks that, so that what is covered is measured on the tested part, too.
 */
export interface Intervals {
  readonly method: 'split-conformal';
  /** Windows that they were made from. */
  readonly windows: number;
  readonly coverages: readonly number[];
  /** A row for each coverage: [H · O]. null: so few windows cannot give one. */
  readonly halfWidths: readonly (readonly (number | null)[])[];
}

/** Coverages that runs make intervals for. */
export const intervalCoverages: readonly number[] = [0.5, 0.8, 0.9, 0.95];

/** From absolute errors [N, P], row by row. */
export function intervalsOf(errors: Float32Array, places: number): Intervals {
  const windows = errors.length / places;
  const sorted = Array.from({ length: places }, (_, place) => Float32Array.from({ length: windows }, (_, n) => errors[n * places + place] as number).sort());
  const halfWidths = intervalCoverages.map((coverage) => {
    const rank = Math.ceil((windows + 1) * coverage) - 1;
    return sorted.map((column) => column[rank] ?? null);
  });
  return { method: 'split-conformal', windows, coverages: intervalCoverages, halfWidths };
}

/** Half widths for a coverage. Throws RecipeError `argument` where there are none. */
export function halfWidthsOf({ coverages, halfWidths, windows }: Intervals, coverage: number): readonly number[] {
  const row = halfWidths[coverages.indexOf(coverage)];
  check(row !== undefined, 'argument', () => `forecast: there are intervals for ${coverages.join(', ')}, got ${coverage}; choose one of them.`);
  check(row.every((width) => width !== null), 'argument', () => `forecast: ${windows} windows are too few for intervals of ${coverage}; choose a smaller one, or hold out more.`);
  return row;
}

/** Intervals that were saved as JSON, for P places. Throws RecipeError `checkpoint`. */
export function parseIntervals(json: unknown, places: number): Intervals {
  const { method, windows, coverages, halfWidths } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Intervals>;
  const isRow = (row: unknown): boolean => Array.isArray(row) && row.length === places && row.every((width) => width === null || (Number.isFinite(width) && width >= 0));
  const fine = method === 'split-conformal' && Number.isSafeInteger(windows) && Array.isArray(coverages) && coverages.every((one) => typeof one === 'number')
    && Array.isArray(halfWidths) && halfWidths.length === coverages.length && halfWidths.every(isRow);
  check(fine, 'checkpoint', () => `checkpoint: its intervals are not rows of ${places} numbers; the file is damaged.`);
  return { method, windows: windows as number, coverages, halfWidths };
}
