import { DataError, integerOption, suggestion } from '../errors.ts';
import type { Rng } from '../rng.ts';
import type { SequenceBatch, SequenceKind, SequenceShape } from '../sequences.ts';

/** The tasks whose sequences are generated. */
export type TaskName =
  | 'echo'
  | 'adding'
  | 'copy'
  | 'parity'
  | 'dyck'
  | 'reber'
  | 'embedded-reber'
  | 'temporal-order-6a'
  | 'temporal-order-6b'
  | 'sine'
  | 'lorenz'
  | 'addition'
  | 'dates'
  | 'airline';

/** A number that a task can be asked with: what a slider or a flag needs to know. */
export interface TaskOption {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
  /** What it is, as a phrase. */
  readonly about: string;
}

/** Values for some of the options of a task. */
export type TaskValues<Option extends string = string> = { readonly [Name in Option]?: number };

/** A task with known answers. Losses are means over what is asked: squared error of regressions, nats of classifications. */
export interface TaskDefinition<Option extends string = string> {
  readonly name: TaskName;
  /** One sentence for people. */
  readonly description: string;
  /** Who defined it, and where. */
  readonly source: string;
  readonly kind: SequenceKind;
  readonly options: Readonly<Record<Option, TaskOption>>;
  /** Sizes, and how to show ids and classes. */
  shape(values?: TaskValues<Option>): SequenceShape;
  /**
   * `batch` sequences, drawn from `rng` alone: the same state gives the same sequences on every machine.
   *
   * @throws DataError `invalid-option` for an option that there is not, is out of its range or does not fit the others
   */
  generate(rng: Rng, batch: number, values?: TaskValues<Option>): SequenceBatch;
  /**
   * The loss that needs no memory: of the best guess from the position and, per step, the input of that step. A target per
   * sequence gets the best constant, squared errors of series the best linear function of the present value.
   */
  baseline(values?: TaskValues<Option>): number;
  /** The loss that no memory can beat: 0 unless chance decides what is asked for. */
  floor(values?: TaskValues<Option>): number;
}

/**
 * The options of a task with the values given, the others at their defaults.
 *
 * @throws DataError `invalid-option` with the option, its range or the name that was probably meant
 */
export function taskOptions<Option extends string>(task: Pick<TaskDefinition<Option>, 'name' | 'options'>, given: TaskValues<Option> = {}): Readonly<Record<Option, number>> {
  const names = Object.keys(task.options) as Option[];
  for (const name of Object.keys(given)) {
    if (!names.includes(name as Option)) throw new DataError('invalid-option', `${task.name}: there is no option "${name}"; ${names.length > 0 ? suggestion(name, names) : 'this task has none'}`);
  }
  const entries = names.map((name) => [name, checked(task.name, name, task.options[name], given[name])] as const);
  return Object.fromEntries(entries) as Readonly<Record<Option, number>>;
}

/** A DataError about options that do not fit each other. */
export function unfit(task: TaskName, sentence: string): DataError {
  return new DataError('invalid-option', `${task}: ${sentence}`);
}

/** `batch`, checked. */
export function batchOf(task: TaskName, batch: number): number {
  return integerOption(task, 'batch', batch, 1);
}

/** Ids drawn evenly from [0, bound). */
export function randomIds(rng: Rng, count: number, bound: number): Int32Array {
  return Int32Array.from({ length: count }, () => rng.integer(bound));
}

function checked(task: TaskName, name: string, { default: usual, min, max, integer }: TaskOption, value: number | undefined = usual): number {
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  throw new DataError('invalid-option', `${task}: ${name} must be ${integer ? 'an integer' : 'a number'} from ${min} to ${max}, got ${value}`);
}
