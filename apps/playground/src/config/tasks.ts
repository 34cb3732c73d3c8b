import type { Config, TaskName } from './config.ts';

/** A number that a task has a slider for. */
export interface TaskSlider {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly default: number;
}

/** What the page knows of a task before anything is trained. */
export interface TaskInfo {
  readonly sliders: readonly TaskSlider[];
  /** The settings with which the difference between cells shows within seconds. */
  readonly start: Pick<Config, 'hidden' | 'batch' | 'lr' | 'clip' | 'keep'>;
}

const slider = (name: string, min: number, max: number, usual: number, step = 1): TaskSlider => ({ name, min, max, step, default: usual });

/** The tasks, from the simplest. */
export const taskInfos: Readonly<Record<TaskName, TaskInfo>> = {
  'echo': { sliders: [slider('lag', 1, 60, 30)], start: { hidden: 24, batch: 32, lr: 0.01, clip: 1, keep: 3 } },
  'adding': { sliders: [slider('length', 10, 100, 30)], start: { hidden: 24, batch: 32, lr: 0.01, clip: 1, keep: 2 } },
  'parity': { sliders: [slider('length', 4, 60, 16)], start: { hidden: 16, batch: 64, lr: 0.01, clip: 1, keep: 1 } },
  'dyck': { sliders: [slider('length', 10, 80, 40, 2), slider('depth', 1, 8, 4), slider('kinds', 1, 4, 2)], start: { hidden: 24, batch: 32, lr: 0.01, clip: 1, keep: 1 } },
  'temporal-order': { sliders: [slider('length', 10, 100, 30)], start: { hidden: 24, batch: 32, lr: 0.01, clip: 1, keep: 2 } },
  'sine': { sliders: [slider('period', 5, 40, 20), slider('noise', 0, 0.5, 0.1, 0.01), slider('horizon', 1, 20, 5)], start: { hidden: 16, batch: 32, lr: 0.01, clip: 1, keep: 1 } },
  'airline': { sliders: [slider('length', 12, 40, 24)], start: { hidden: 8, batch: 32, lr: 0.003, clip: 1, keep: 1 } },
  'text': { sliders: [slider('length', 8, 100, 40)], start: { hidden: 64, batch: 32, lr: 0.005, clip: 1, keep: 1 } },
  'csv': { sliders: [slider('length', 4, 100, 24), slider('horizon', 1, 24, 1)], start: { hidden: 16, batch: 32, lr: 0.01, clip: 1, keep: 1 } },
};

/** Their names, in the order in which they are shown. */
export const taskNames: readonly TaskName[] = Object.keys(taskInfos) as TaskName[];

/** The options of a task, those that are missing at their defaults. */
export function optionsOf(task: TaskName, given: Config['options']): Record<string, number> {
  return Object.fromEntries(taskInfos[task].sliders.map(({ name, default: usual }) => [name, given[name] ?? usual]));
}

/** The page as it opens first. */
export const firstConfig: Config = {
  task: 'temporal-order',
  options: { length: 30 },
  models: [{ cell: 'rnn', backend: 'wasm' }, { cell: 'lstm', backend: 'wasm' }, { cell: 'gru', backend: 'wasm' }],
  fairness: 'width',
  seed: 1,
  truncate: 0,
  ...taskInfos['temporal-order'].start,
};
