import { flag, share, whole, type FieldRules } from '@unroll/train';
import { sequenceDefaults, sequenceRules, type SequenceConfig } from '../sequence/config.ts';

/** One run over a series, as plain JSON. */
export interface ForecastConfig extends SequenceConfig {
  /** T: rows that are read. */
  readonly window: number;
  /** H: rows after them that are told. */
  readonly horizon: number;
  /** Columns that are told; empty: all. */
  readonly targets: readonly string[];
  /** Columns that are read; empty: all. */
  readonly inputs: readonly string[];
  /** Rows from one season to the next, for the seasonal-naive baseline; 0: a day, week or year by the dates of the series, if it has any. */
  readonly season: number;
  /** Share of the rows, before the tested ones, by which the best weights are chosen and the intervals are made. */
  readonly holdout: number;
  /** Share of the rows, at the end, that is measured once. */
  readonly test: number;
  /** Whether values are read and told as differences from the last row that is read, so that a level never seen before is no obstacle. */
  readonly relative: boolean;
  /** Rows from one window that is learnt from to the next. */
  readonly stride: number;
}

/** Everything but the cell. */
export const forecastDefaults: Readonly<Omit<ForecastConfig, 'cell'>> = {
  ...sequenceDefaults, hidden: 64, lr: 1e-3, bucketing: false, window: 96, horizon: 24, targets: [], inputs: [], season: 0, holdout: 0.1, test: 0.2, relative: true, stride: 1,
};

/** The rules of the fields. */
export const forecastRules: FieldRules<ForecastConfig> = /* @__PURE__ */ Object.freeze<FieldRules<ForecastConfig>>({
  ...sequenceRules,
  window: whole(1), horizon: whole(1), season: whole(0), stride: whole(1), test: share(), relative: flag(),
  targets: names(), inputs: names(),
});

function names(): FieldRules<ForecastConfig>['inputs'] {
  return { must: 'a list of names of columns', accepts: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string') && new Set(value).size === value.length };
}
