import { TrainError } from './errors.ts';

/** Optimisers that a run description can name. */
export type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw' | 'nadam' | 'radam';

/** Schedules that a run description can name; `scheduleOf` says what each does. */
export type ScheduleName = 'constant' | 'linear' | 'cosine' | 'step' | 'exponential' | 'one-cycle' | 'plateau';

/** The network of a run: the part of a description that decides which parameters there are. */
export interface NetworkConfig {
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
}

/** How a run learns, whatever it learns. */
export interface LearningConfig {
  /** B, sequences read side by side. */
  readonly batch: number;
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
  /** Evaluate after every so many updates, and at the end; 0 only at the end. */
  readonly evaluateEvery: number;
  /** So many evaluations in a row without improvement end the training; 0: never. */
  readonly patience: number;
  /** An evaluation with this loss ends the training; 0: none does. */
  readonly target: number;
  /** Seed of the initial parameters and of dropout. */
  readonly seed: number;
}

/** One run of a text model, as plain JSON: command-line flags, addresses and checkpoints are spellings of it. */
export interface TextConfig extends NetworkConfig, LearningConfig {
  /** T, steps until the gradient is cut (truncated back-propagation through time). */
  readonly length: number;
  /** What symbols are. */
  readonly vocabulary: 'characters' | 'bytes';
  /** Share of the text, at its end, that is not learnt but measured; 0 measures nothing. */
  readonly holdout: number;
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
  const config = checkedConfig<TextConfig>(options, textDefaults, { ...rules, cell: oneOf(cells) });
  checkEvaluated(config);
  return config;
}

/** What a field of a description must be. */
export interface FieldRule {
  /** For the error: `a whole number from 1`. */
  readonly must: string;
  readonly accepts: (value: unknown) => boolean;
}

/** One rule for each field: the compiler lists a field that has none. */
export type FieldRules<Config> = Readonly<Record<keyof Config, FieldRule>>;

/**
 * A complete description of any kind, checked field by field. Takes what JSON or flags gave; undefined is left out.
 *
 * @param defaults of the fields that may be left out
 * @throws ConfigError for the first field that is unknown, of the wrong kind or out of its range
 */
export function checkedConfig<Config extends object>(options: object, defaults: Partial<Config>, fields: FieldRules<Config>): Config {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([field]) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) throw new ConfigError(unknown[0], `config: there is no field "${unknown[0]}"; there are ${Object.keys(fields).join(', ')}.`);
  const config = { ...defaults, ...Object.fromEntries(given) } as Config;
  for (const field of Object.keys(fields) as (keyof Config & string)[]) {
    const { accepts, must } = fields[field];
    if (!accepts(config[field])) throw new ConfigError(field, `config: ${field} must be ${must}, got ${JSON.stringify(config[field])}.`);
  }
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

/** A whole number from `least`. */
export function whole(least: number): FieldRule {
  return { must: `a whole number from ${least}`, accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least };
}

/** A finite number from 0. */
export function fromZero(): FieldRule {
  return { must: 'a number from 0', accepts: (value) => Number.isFinite(value) && (value as number) >= 0 };
}

/** A number from 0 to below 1. */
export function share(): FieldRule {
  return { must: 'from 0 to below 1', accepts: (value) => typeof value === 'number' && value >= 0 && value < 1 };
}

/** True or false. */
export function flag(): FieldRule {
  return { must: 'true or false', accepts: (value) => typeof value === 'boolean' };
}

/** One of some names. */
export function oneOf(names: readonly string[]): FieldRule {
  return { must: `one of ${names.join(', ')}`, accepts: (value) => typeof value === 'string' && names.includes(value) };
}

/** The rules of a network and of its learning, for descriptions that have more to say. */
export const runRules: FieldRules<NetworkConfig & LearningConfig> = /* @__PURE__ */ Object.freeze<FieldRules<NetworkConfig & LearningConfig>>({
  cell: { must: 'the name of a cell', accepts: (value) => typeof value === 'string' },
  hidden: whole(1), layers: whole(1), embedding: whole(1),
  dropout: share(),
  batch: whole(1), steps: whole(0),
  optimizer: oneOf(['sgd', 'rmsprop', 'adagrad', 'adam', 'adamw', 'nadam', 'radam'] satisfies OptimizerName[]),
  lr: fromZero(),
  schedule: oneOf(['constant', 'linear', 'cosine', 'step', 'exponential', 'one-cycle', 'plateau'] satisfies ScheduleName[]),
  warmup: whole(0), accumulate: whole(1), ema: share(), clip: fromZero(),
  evaluateEvery: whole(0), patience: whole(0), target: fromZero(), seed: whole(0),
});

const rules: FieldRules<TextConfig> = /* @__PURE__ */ Object.freeze<FieldRules<TextConfig>>({
  ...runRules,
  length: whole(1),
  vocabulary: oneOf(['characters', 'bytes'] satisfies TextConfig['vocabulary'][]),
  holdout: share(),
});
