import type { SequenceShape, Series } from '@unroll/datasets';
import {
  checkpointOf, classify, evaluate, forecast, tag, train, translate, type AnyRun, type ForecastEvaluation, type ForecastRun, type Run, type SequenceConfig, type SequenceData, type SequenceEvaluation, type TranslateEvaluation,
} from '@unroll/recipes';
import type { Module } from '@unroll/layers';
import { scope } from '@unroll/tensor';
import { oneLine } from '../errors.ts';
import { readCell } from '../files/cell.ts';
import { uploaded, type SavedContent } from '../files/checkpoint.ts';
import type { Source } from '../files/source.ts';
import type { Values } from '../options/spec.ts';
import { count } from '../print/format.ts';
import type { Adapter, Measurement, Progress, Trainee } from './adapter.ts';
import { classifyData, forecastData, listOf, tagData, translateData } from './data.ts';
import type { RecipeName } from './names.ts';

/** Kinds of training over sequences; their runs are alike. */
type SequenceName = Exclude<RecipeName, 'text'>;

type Result = SequenceEvaluation | ForecastEvaluation | TranslateEvaluation;
type AnySequenceRun = Run<SequenceName, SequenceConfig, Module, Result>;

/** What a kind needs beside what all have in common. */
interface Kind {
  readonly data: (source: Source, options: Values) => Promise<unknown>;
  readonly create: (data: unknown, config: object) => AnySequenceRun;
  readonly resume: (data: unknown, saved: SavedContent, changes: object) => AnySequenceRun;
  readonly about: (run: AnySequenceRun) => string;
}

const sequencesAbout = ({ learnt, heldOut, shape }: AnySequenceRun): string =>
  `${count(learnt.size)} sequences to learn from, ${count(heldOut?.size ?? 0)} held out; ${kinds(shape)}`;

const table: Readonly<Record<SequenceName, Kind>> = {
  classify: {
    data: classifyData, about: sequencesAbout,
    create: (data, config) => classify.create(data as SequenceData, config),
    resume: (data, { description, tensors }, changes) => scope(() => classify.resume(data as SequenceData, description, uploaded(tensors), changes)),
  },
  tag: {
    data: tagData, about: sequencesAbout,
    create: (data, config) => tag.create(data as SequenceData, config),
    resume: (data, { description, tensors }, changes) => scope(() => tag.resume(data as SequenceData, description, uploaded(tensors), changes)),
  },
  translate: {
    data: translateData, about: sequencesAbout,
    create: (data, config) => translate.create(data as SequenceData, config) as unknown as AnySequenceRun,
    resume: (data, { description, tensors }, changes) => scope(() => translate.resume(data as SequenceData, description, uploaded(tensors), changes)) as unknown as AnySequenceRun,
  },
  forecast: {
    data: forecastData,
    about: (run) => seriesAbout(run as unknown as ForecastRun),
    create: (data, config) => forecast.create(data as Series, config) as unknown as AnySequenceRun,
    resume: (data, { description, tensors }, changes) => scope(() => forecast.resume(data as Series, description, uploaded(tensors), changes)) as unknown as AnySequenceRun,
  },
};

/** The adapter of a kind of training over sequences. */
export function sequenceAdapter(recipe: SequenceName): Adapter {
  const kind = table[recipe];
  return {
    recipe,
    async create(source, { cellFile, ...config }, options) {
      const lists = Object.fromEntries(['targets', 'inputs'].flatMap((key) => (config[key] === undefined ? [] : [[key, listOf(config[key])] as const])));
      const cell = cellFile === undefined ? {} : { cell: await readCell(String(cellFile)) };
      return traineeOf(kind.create(await kind.data(source, options), { ...config, ...lists, ...cell }), kind, source);
    },
    async resume(source, saved, changes, options) {
      return traineeOf(kind.resume(await kind.data(source, options), saved, changes), kind, source);
    },
  };
}

/** A measurement in a line, and its numbers by name. */
export function measurementOf(result: Result, what: string): Measurement {
  if ('baselines' in result) return forecastMeasurement(result, what);
  const { loss, predictions } = result;
  if ('exact' in result) return { loss, metrics: { accuracy: result.accuracy, exact: result.exact, predictions }, about: `${what}: ${percent(result.exact)} of the answers right, ${percent(result.accuracy)} of their symbols, loss ${loss.toFixed(4)}` };
  if (result.accuracy === undefined) return { loss, metrics: { predictions }, about: `${what}: loss ${loss.toFixed(4)} (over ${count(predictions)})` };
  return { loss, metrics: { accuracy: result.accuracy, predictions }, about: `${what}: ${percent(result.accuracy)} right, loss ${loss.toFixed(4)} (over ${count(predictions)})` };
}

function forecastMeasurement({ loss, mse, mae, baselines: { persistence, seasonal }, covered = [] }: ForecastEvaluation, what: string): Measurement {
  const inside = covered.map(({ coverage, share }) => `${percent(share)} inside of the ${Math.round(coverage * 100)} % interval`);
  const others = [`persistence ${persistence.mae.toFixed(4)}`, ...(seasonal === undefined ? [] : [`seasonal-naive ${seasonal.mae.toFixed(4)}`])];
  return {
    loss, metrics: { mse, mae, persistenceMae: persistence.mae, persistenceMse: persistence.mse, ...(seasonal === undefined ? {} : { seasonalMae: seasonal.mae, seasonalMse: seasonal.mse }) },
    about: `${what}: mean absolute error ${mae.toFixed(4)} (${others.join(', ')}), squared ${mse.toFixed(4)}${inside.length === 0 ? '' : `; ${inside.join(', ')}`}`,
  };
}

function traineeOf(run: AnySequenceRun, { about: describe }: Kind, source: Source): Trainee {
  const { config, model } = run;
  const name = source.remote ?? (source.files.length === 1 ? (source.files[0]?.name ?? '') : `${source.files.length} files`);
  const parameters = model.parameters();
  const size = Object.values(parameters).reduce((sum, tensor) => sum + tensor.size, 0);
  return {
    config: { ...config }, steps: run.steps, optimizer: run.optimizer, history: run.history, parameters,
    get epoch() { return run.batches.cursor.epoch; },
    get stopped() { return run.stopping.stopped; },
    get isMeasuring() {
      const { steps } = run.optimizer;
      const isDue = steps === run.steps || (run.evaluateEvery > 0 && steps > 0 && steps % run.evaluateEvery === 0);
      return isDue && config.ema === 0 && run.measure !== undefined && run.history.latest('heldOut')?.step !== steps;
    },
    get isBest() { return run.stopping.best !== undefined && run.stopping.wait === 0; },
    about: [
      `${name}: ${describe(run)}`,
      `${oneLine(config.cell)}, ${config.layers} x ${config.hidden}${config.bidirectional ? ' in both directions' : ''}: ${count(size)} parameters; ${count(run.steps)} steps of ${config.batch}`,
    ],
    train(_signal, next) {
      if (next !== undefined) run.recovery = next;
      return progress(run);
    },
    content: () => checkpointOf(run as unknown as AnyRun),
    conclude: async () => (run.measure === undefined && run.test === undefined ? undefined : measurementOf(await evaluate(run), run.test === undefined ? 'held out, with the best weights' : 'tested, with the best weights')),
    preview: () => Promise.resolve(''),
    dispose: () => run.dispose(),
  };
}

async function* progress(run: AnySequenceRun): AsyncGenerator<Progress, void, void> {
  for await (const event of train(run)) {
    if (event.kind === 'step') yield event;
    else yield { kind: 'evaluation', step: event.step, ...measurementOf(event, 'held out') };
  }
}

function seriesAbout({ series, season, config }: ForecastRun): string {
  return `${count(series.length)} rows of ${series.names.join(', ')}; ${config.window} rows are read, the next ${config.horizon} told${season === 0 ? '' : `, a season has ${season}`}`;
}

function kinds({ inputs, inputSize, targetSize, targets }: SequenceShape): string {
  return `${inputs === 'ids' ? `${inputSize} symbols` : `${inputSize} values a step`}, ${targetSize} ${targets === 'classification' ? 'classes' : 'outputs'}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
