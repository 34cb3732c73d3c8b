import type { CellName } from '@unroll/cells';

/** What can be learnt here. */
export type TaskName = 'echo' | 'adding' | 'parity' | 'dyck' | 'temporal-order' | 'sine' | 'airline' | 'text' | 'csv';

/** The three places of the page, from left to right. */
export type Slot = 0 | 1 | 2;
export const slots: readonly Slot[] = [0, 1, 2];

/** Where a model computes; `auto` measures both and takes the faster. */
export type BackendChoice = 'wasm' | 'webgpu' | 'auto';

/** A cell: one of the registry, or the equations that somebody wrote. */
export interface CellChoice {
  readonly cell: CellName | 'custom';
  /** Equations in the notation of `cellFromText`; only with `custom`. */
  readonly equations?: string;
}

/** One of the three models. */
export interface ModelConfig extends CellChoice {
  readonly backend: BackendChoice;
}

/** What has to be equal for the comparison to be fair. */
export type Fairness = 'width' | 'parameters';

/** How a model learns: may change while it learns. */
export interface Learning {
  /** Of Adam. */
  readonly lr: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
  /** Steps of time through which the gradient goes back; 0: all. */
  readonly truncate: number;
}

/** Everything that decides what happens, as plain data: the address of the page is a spelling of it. */
export interface Config extends Learning {
  readonly task: TaskName;
  /** Options of the task, by name; those that are missing have their default. */
  readonly options: Readonly<Record<string, number>>;
  readonly models: readonly [ModelConfig, ModelConfig, ModelConfig];
  readonly fairness: Fairness;
  /** H: width of every model, or with equal parameters that of the model with the most. */
  readonly hidden: number;
  /** What is added to the biases of gates that keep a state, before training: above 0 a model begins with a long memory. */
  readonly keep: number;
  /** B: sequences in a training step. */
  readonly batch: number;
  /** Of initial weights and of data. */
  readonly seed: number;
}
