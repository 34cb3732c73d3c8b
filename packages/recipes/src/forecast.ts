import type { Cell } from '@unroll/cells';
import { fitScaling, scaleSeries, unscale, type Range, type Scaling, type SequenceShape, type Series, type TimeSplit } from '@unroll/datasets';
import { Generator } from '@unroll/tensor';
import { asRecord } from './description.ts';
import { check } from './errors.ts';
import { baselinesOf, medianStep, seasonOf } from './forecast/baselines.ts';
import { forecastDefaults, forecastRules, type ForecastConfig } from './forecast/config.ts';
import { calibrated, coveredBy, forecastErrors, summaryOf, type ForecastEvaluation } from './forecast/evaluate.ts';
import { halfWidthsOf, parseIntervals, type Intervals } from './forecast/intervals.ts';
import { chosenColumns, columnsOf, differences, splitOf, windowsOf, type ForecastColumns, type ForecastParts, type ForecastWindows } from './forecast/windows.ts';
import { cellOf } from './model.ts';
import { assemble, chosenTensors, parseRun, resumed, resumedConfig, type ParsedRun, type Recipe, type Run } from './run.ts';
import { runConfig, type RunOptions } from './sequence/config.ts';
import { SequenceModel } from './sequence/model.ts';
import { scoresOf } from './sequence/predict.ts';
import { loadSequences, sequenceObjective } from './sequence/recipe.ts';

/** A run whose model tells the next rows of a series. */
export interface ForecastRun extends Run<'forecast', ForecastConfig, SequenceModel, ForecastEvaluation>, Omit<ForecastParts, 'scaling'> {
  readonly scaling: Scaling;
  readonly split: TimeSplit;
  /** Rows a season; 0: none is known. */
  readonly season: number;
  /** Of the best weights so far; undefined before the first evaluation. */
  intervals: Intervals | undefined;
}

/** A model that is ready to forecast. */
export interface LoadedForecast {
  readonly kind: 'forecast';
  readonly config: ForecastConfig;
  readonly shape: SequenceShape;
  readonly scaling: Scaling;
  readonly columns: ForecastColumns;
  readonly intervals: Intervals | undefined;
  readonly model: SequenceModel;
}

/** How forecasts are made. */
export interface ForecastOptions {
  /** Of the intervals: 0.5, 0.8, 0.9 or 0.95. Default 0.9. */
  readonly coverage?: number;
}

/** The rows after those that were read, in the units of the series. */
export interface Forecasted {
  readonly names: readonly string[];
  /** [H · O], row by row. */
  readonly values: Float64Array;
  /** Ends of the intervals, laid out alike; absent where none were made. */
  readonly lower?: Float64Array;
  readonly upper?: Float64Array;
  readonly coverage?: number;
  /** [H] milliseconds since 1970-01-01 UTC, where the series has times. */
  readonly times?: Float64Array;
}

/** What `forecast` is. */
export type ForecastRecipe = Recipe<'forecast', ForecastConfig, Series, ForecastRun, LoadedForecast, Series, Forecasted, ForecastOptions>;

/**
 * The next rows of a series of one or many columns. It is split in the order of time: learnt, validated, tested; scaling is fitted on
 * what is learnt alone. Beside the model stand persistence and the seasonal-naive forecast; intervals are split conformal (`Intervals`).
 *
 * @example
 * const run = forecast.create(tableSeries(await parseCsv(text, 'ETTh1.csv')), { window: 96, horizon: 24, targets: ['OT'] });
 * for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(progress.step, progress.mae, progress.baselines.persistence.mae);
 * const { mae, baselines, covered } = await evaluate(run);                        // on the tested part, with the best weights
 * const [{ values, lower, upper }] = await forecast.predict(run, [run.source]);
 */
export const forecast: ForecastRecipe = /* @__PURE__ */ Object.freeze<ForecastRecipe>({
  kind: 'forecast',
  defaults: forecastDefaults,
  config: configOf,
  create: (data, options = {}) => {
    const config = configOf(options);
    return createForecast(data, config, { cell: cellOf(options.cell ?? config.cell) });
  },
  load: (description, tensors, options) => {
    const parsed = parseRun('forecast', description, configOf);
    const { columns, intervals } = parsedExtras(parsed);
    const { scaling } = parsed;
    check(scaling !== undefined, 'checkpoint', () => 'checkpoint: a forecast needs its scaling, got nothing; the file is damaged.');
    return { ...loadSequences('forecast', parsed, chosenTensors(tensors, options)), scaling, columns, intervals };
  },
  resume: (data, description, tensors, options = {}) => {
    const parsed = parseRun('forecast', description, configOf);
    const { cell, scaling } = parsed;
    const { intervals } = parsedExtras(parsed);
    return resumed(createForecast(data, configOf({ ...resumedConfig(parsed.config, options), cell }), { cell, scaling, intervals }), parsed, tensors, options);
  },
  predict: (model, inputs, options) => Promise.all(inputs.map((series) => forecastOf(model, series, options))),
});

function configOf(options: RunOptions<ForecastConfig> = {}): ForecastConfig {
  return runConfig<ForecastConfig>(options, forecastDefaults, forecastRules);
}

interface Known { readonly cell: Cell; readonly scaling?: Scaling | undefined; readonly intervals?: Intervals | undefined }

function createForecast(data: Series, config: ForecastConfig, known: Known): ForecastRun {
  const split = splitOf(data, config);
  const scaling = known.scaling ?? fitScaling(data, split.train, config.scaling === 'minmax' ? 'minmax' : 'standard');
  const parts: ForecastParts = { split, scaling, series: scaleSeries(data, scaling), columns: columnsOf(data, config) };
  const windows = (range: Range, stride = 1): ForecastWindows | undefined => (range.to > range.from ? windowsOf(parts, config, range, stride) : undefined);
  const [learnt, heldOut, tested] = [windowsOf(parts, config, split.train, config.stride), windows(split.validation), windows(split.test)];
  const season = config.season > 0 ? config.season : seasonOf(data);
  const generator = new Generator(config.seed);
  const model = new SequenceModel({ ...config, cell: known.cell }, learnt.shape, { generator });
  // Of the evaluation that was made last: whoever hears that it was the best makes its intervals from them.
  let errors: Float32Array = new Float32Array();
  const measure = async (part: ForecastWindows, isTest: boolean): Promise<ForecastEvaluation> => {
    const found = await forecastErrors(model, part);
    if (!isTest) errors = found;
    const scales = parts.columns.targets.map((name) => scaling.columns.find((column) => column.name === name)?.scale ?? 1);
    const covered = isTest && run.intervals !== undefined ? { covered: coveredBy(found, run.intervals) } : {};
    return { ...summaryOf(found, parts.columns.targets, scales), baselines: baselinesOf(part, parts.series, parts.columns.targets, season), ...covered };
  };
  const run: ForecastRun = Object.assign(assemble<'forecast', ForecastConfig, SequenceModel, ForecastEvaluation>({
    kind: 'forecast', config, cell: known.cell, generator, model, scaling, learnt, heldOut,
    objective: sequenceObjective(model, 'regression'),
    evaluate: () => measure(heldOut as ForecastWindows, false),
    test: tested === undefined ? undefined : () => measure(tested, true),
    record: ({ mae }) => ({ mae }),
    onMeasured: (_, rank) => {
      if (rank === 'best' || (rank === 'end' && run.best.empty)) run.intervals = calibrated(errors, learnt.shape.targetSize);
    },
    extras: () => ({ columns: parts.columns, ...(run.intervals === undefined ? {} : { intervals: run.intervals }) }),
  }), { ...parts, season, intervals: known.intervals });
  return run;
}

function parsedExtras({ fields, shape }: ParsedRun<ForecastConfig>): { readonly columns: ForecastColumns; readonly intervals: Intervals | undefined } {
  const { inputs, targets } = asRecord(fields['columns'], 'columns');
  const isNames = (names: unknown, count: number): names is readonly string[] => Array.isArray(names) && names.length === count && names.every((name) => typeof name === 'string');
  const told = Array.isArray(targets) && targets.length > 0 && shape.targetSize % targets.length === 0 ? targets.length : 0;
  check(isNames(inputs, shape.inputSize) && told > 0 && isNames(targets, told), 'checkpoint', () => 'checkpoint: columns must name what is read and told; the file is damaged.');
  return { columns: { inputs, targets }, intervals: fields['intervals'] === undefined ? undefined : parseIntervals(fields['intervals'], shape.targetSize) };
}

async function forecastOf(model: ForecastRun | LoadedForecast, source: Series, { coverage = 0.9 }: ForecastOptions = {}): Promise<Forecasted> {
  const { config: { window, horizon, relative }, columns, scaling, intervals } = model;
  check(source.length >= window, 'argument', () => `forecast: ${window} rows are read, got ${source.length}; give a longer series.`);
  const widths = intervals === undefined ? undefined : halfWidthsOf(intervals, coverage);
  const scaled = (names: readonly string[], count: number): Float64Array => {
    const { values: known } = scaleSeries(chosenColumns(source, names), scaling);
    return known.slice(known.length - count * names.length);
  };
  const [rows, base] = [scaled(columns.inputs, window), scaled(columns.targets, 1)];
  const [told] = await scoresOf({ model: model.model, shape: model.shape, scaling: undefined }, [relative ? differences(rows, columns.inputs.length) : rows]);
  const values = Float64Array.from(told as Float32Array, (value, i) => value + (relative ? (base[i % base.length] as number) : 0));
  const inUnits = (shift: (i: number) => number): Float64Array => unscale(values.map((value, i) => value + shift(i)), scaling, columns.targets);
  const around = widths === undefined ? {} : { lower: inUnits((i) => -(widths[i] as number)), upper: inUnits((i) => widths[i] as number), coverage };
  return { names: columns.targets, values: inUnits(() => 0), ...around, ...timesAfter(source, horizon) };
}

function timesAfter({ times }: Series, horizon: number): Pick<Forecasted, 'times'> {
  const step = times === undefined ? undefined : medianStep(times);
  if (times === undefined || step === undefined) return {};
  return { times: Float64Array.from({ length: horizon }, (_, k) => (times.at(-1) as number) + (k + 1) * step) };
}
