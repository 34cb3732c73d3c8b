import { TrainError } from './errors.ts';

/** Optimisers that a run description can name. */
export type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw' | 'nadam' | 'radam';

/** Schedules that a run description can name; `scheduleOf` says what each does. */
export type ScheduleName = 'constant' | 'linear' | 'cosine' | 'step' | 'exponential' | 'one-cycle' | 'plateau';

/** One run of a text model, as plain JSON: command-line flags, addresses and checkpoints are spellings of it. */
export interface TextConfig {
  /** Name of the cell, in the registry of whoever builds the model. */
  readonly cell: string;
  /** H, width of the recurrent layers. */
  readonly hidden: number;
  /** L, layers. */
  readonly layers: number;
  /** Width of the embedding. */
  readonly embedding: number;
  /** Dropout between the layers and before the head, from 0 to below 1. */
  readonly dropout: number;
  /** B, streams of text read side by side. */
  readonly batch: number;
  /** T, steps until the gradient is cut (truncated back-propagation through time). */
  readonly length: number;
  /** Updates in all. */
  readonly steps: number;
  readonly optimizer: OptimizerName;
  /** Learning rate: the largest one where it changes. */
  readonly lr: number;
  readonly schedule: ScheduleName;
  /** Updates in which the learning rate rises to `lr`. */
  readonly warmup: number;
  /** Batches that make one update. */
  readonly accumulate: number;
  /** What remains of the averaged weights at each update, below 1; 0 averages none. Evaluations and samples are of the average. */
  readonly ema: number;
  /** Largest norm of all gradients together; 0 does not clip. */
  readonly clip: number;
  /** What symbols are. */
  readonly vocabulary: 'characters' | 'bytes';
  /** Share of the text, at its end, that is not learnt but measured; 0 measures nothing. */
  readonly holdout: number;
  /** Evaluate after every so many updates, and at the end; 0 only at the end. */
  readonly evaluateEvery: number;
  /** So many evaluations in a row without improvement end the training; 0: never. */
  readonly patience: number;
  /** An evaluation with this loss ends the training; 0: none does. */
  readonly target: number;
  /** Seed of the initial parameters and of dropout. */
  readonly seed: number;
}

/** Everything but the cell. */
export const textDefaults: Readonly<Omit<TextConfig, 'cell'>> = {
  hidden: 128, layers: 2, embedding: 64, dropout: 0,
  batch: 50, length: 50, steps: 4000, optimizer: 'adam', lr: 2e-3,
  schedule: 'constant', warmup: 0, accumulate: 1, ema: 0, clip: 1,
  vocabulary: 'characters', holdout: 0.1, evaluateEvery: 0, patience: 0, target: 0, seed: 0,
};

/** A run description as its author writes it: what is left out takes its default. */
export type TextOptions = Pick<TextConfig, 'cell'> & Partial<TextConfig>;

/** A run description could not be accepted; `field` says which entry. */
export class ConfigError extends TrainError {
  override readonly name: string = 'ConfigError';
  readonly field: string;

  constructor(field: string, message: string) {
    super('config', message);
    this.field = field;
  }
}

/**
 * The complete description, checked. Takes what JSON or flags gave.
 *
 * @param cells names of the cells that there are
 * @throws ConfigError for the first field that is unknown, of the wrong kind or out of its range
 */
export function textConfig(options: TextOptions, cells: readonly string[]): TextConfig {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([field]) => !Object.hasOwn(rules, field));
  if (unknown !== undefined) throw new ConfigError(unknown[0], `config: there is no field "${unknown[0]}"; there are ${Object.keys(rules).join(', ')}.`);
  const config = { ...textDefaults, ...Object.fromEntries(given) } as TextConfig;
  const checks: Checks = { ...rules, cell: oneOf(cells) };
  for (const field of Object.keys(checks) as (keyof TextConfig)[]) {
    const { accepts, must } = checks[field];
    if (!accepts(config[field])) throw new ConfigError(field, `config: ${field} must be ${must}, got ${JSON.stringify(config[field])}.`);
  }
  checkEvaluated(config);
  return config;
}

/** Throws where something waits for evaluations that never come. */
function checkEvaluated({ schedule, patience, target, evaluateEvery, holdout }: TextConfig): void {
  const listeners = { 'schedule "plateau"': schedule === 'plateau', 'patience': patience > 0, 'target': target > 0 };
  const listener = Object.entries(listeners).find(([, listens]) => listens)?.[0];
  if (listener === undefined) return;
  if (evaluateEvery === 0) throw new ConfigError('evaluateEvery', `config: evaluateEvery must be a whole number from 1 where there is ${listener}, got 0.`);
  if (holdout === 0) throw new ConfigError('holdout', `config: holdout must be above 0 where there is ${listener}, got 0.`);
}

interface Check { readonly must: string; readonly accepts: (value: unknown) => boolean }
type Checks = Readonly<Record<keyof TextConfig, Check>>;

const rules: Checks = /* @__PURE__ */ Object.freeze<Checks>({
  cell: { must: 'the name of a cell', accepts: (value) => typeof value === 'string' },
  hidden: whole(1), layers: whole(1), embedding: whole(1),
  dropout: share(),
  batch: whole(1), length: whole(1), steps: whole(0),
  optimizer: oneOf(['sgd', 'rmsprop', 'adagrad', 'adam', 'adamw', 'nadam', 'radam'] satisfies OptimizerName[]),
  lr: fromZero(),
  schedule: oneOf(['constant', 'linear', 'cosine', 'step', 'exponential', 'one-cycle', 'plateau'] satisfies ScheduleName[]),
  warmup: whole(0), accumulate: whole(1), ema: share(), clip: fromZero(),
  vocabulary: oneOf(['characters', 'bytes'] satisfies TextConfig['vocabulary'][]),
  holdout: share(),
  evaluateEvery: whole(0), patience: whole(0), target: fromZero(), seed: whole(0),
});

function whole(least: number): Check {
  return { must: `a whole number from ${least}`, accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least };
}

function fromZero(): Check {
  return { must: 'a number from 0', accepts: (value) => Number.isFinite(value) && (value as number) >= 0 };
}

function share(): Check {
  return { must: 'from 0 to below 1', accepts: (value) => typeof value === 'number' && value >= 0 && value < 1 };
}

function oneOf(names: readonly string[]): Check {
  return { must: `one of ${names.join(', ')}`, accepts: (value) => typeof value === 'string' && names.includes(value) };
}
