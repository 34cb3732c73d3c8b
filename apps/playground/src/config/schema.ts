import type { CellName } from '@unroll/cells';
import * as v from 'valibot';
import type { BackendChoice, Config, Fairness, ModelConfig, TaskName } from './config.ts';
import { firstConfig, optionsOf, taskInfos, taskNames } from './tasks.ts';

/** Cells of the registry that the page offers, from simple to hard. `slots.test.ts` holds it against the registry. */
export const cellNames: readonly CellName[] = [
  'rnn', 'rnn-relu', 'indrnn', 'mingru', 'minlstm', 'mgu', 'gru', 'gru-original', 'gru-layernorm', 'lstm', 'lstm-coupled', 'lstm-peephole', 'lstm-layernorm', 'slstm',
];
export const backendChoices: readonly BackendChoice[] = ['auto', 'wasm', 'webgpu'];
export const fairnesses: readonly Fairness[] = ['width', 'parameters'];

/** Ranges of the numbers that every task has. */
export const ranges = {
  hidden: { min: 1, max: 128, step: 1 },
  batch: { min: 1, max: 128, step: 1 },
  keep: { min: 0, max: 5, step: 0.1 },
  lr: { min: 0.0001, max: 1, step: 0.0001 },
  clip: { min: 0.01, max: 100, step: 0.01 },
  truncate: { min: 0, max: 100, step: 1 },
  seed: { min: 0, max: 999_999, step: 1 },
} as const;

/** Letters that equations may have; longer ones are no cell. */
export const longestEquations = 4000;

/** Something in an address that could not be taken as it stood. */
export interface Remark {
  readonly code: 'unknown' | 'changed';
  /** Where: `options.lag`. */
  readonly field: string;
}

/**
 * A configuration from what an address said: numbers are brought into their range, what is missing or senseless takes its default, what is unknown is
 * left out. Never throws.
 */
export function configFrom(given: unknown): { readonly config: Config; readonly remarks: readonly Remark[] } {
  const fields = v.is(record, given) ? given : {};
  const task = v.parse(oneOf(taskNames, firstConfig.task), fields['task']);
  const shape = schemaOf(task);
  const { options, ...rest } = v.parse(shape, fields);
  const config: Config = { ...rest, options: optionsOf(task, options) };
  return { config, remarks: remarksOn(fields, config) };
}

// Private.

const record = v.record(v.string(), v.unknown());

function oneOf<const T extends string>(values: readonly T[], usual: T): v.GenericSchema<unknown, T> {
  return v.fallback(v.picklist(values), usual) as v.GenericSchema<unknown, T>;
}

/** A number in a range, on the grid of its slider where that is of whole numbers. */
function number({ min, max, step }: { readonly min: number; readonly max: number; readonly step: number }, usual: number): v.GenericSchema<unknown, number> {
  const clamped = v.pipe(v.number(), v.finite(), v.transform((value) => Math.min(max, Math.max(min, Number.isInteger(step) ? Math.round((value - min) / step) * step + min : value))));
  return v.fallback(clamped, usual) as v.GenericSchema<unknown, number>;
}

function modelSchema(usual: ModelConfig): v.GenericSchema<unknown, ModelConfig> {
  const own = v.object({ cell: v.literal('custom'), equations: v.pipe(v.string(), v.maxLength(longestEquations)), backend: oneOf(backendChoices, 'wasm') });
  const registered = v.object({ cell: v.picklist(cellNames), backend: oneOf(backendChoices, 'wasm') });
  return v.fallback<v.GenericSchema<unknown, ModelConfig>, ModelConfig>(v.union([own, registered]), { ...usual });
}

function schemaOf(task: TaskName): v.GenericSchema<unknown, Config> {
  const { start, sliders } = taskInfos[task];
  const [first, second, third] = firstConfig.models;
  const options = v.object(Object.fromEntries(sliders.map((slider) => [slider.name, number(slider, slider.default)])));
  return v.object({
    task: v.fallback(v.picklist(taskNames), task),
    options: v.fallback(options, optionsOf(task, {})),
    models: v.fallback(v.strictTuple([modelSchema(first), modelSchema(second), modelSchema(third)]), [first, second, third]),
    fairness: oneOf(fairnesses, 'width'),
    hidden: number(ranges.hidden, start.hidden),
    batch: number(ranges.batch, start.batch),
    keep: number(ranges.keep, start.keep),
    lr: number(ranges.lr, start.lr),
    clip: number(ranges.clip, start.clip),
    truncate: number(ranges.truncate, 0),
    seed: number(ranges.seed, firstConfig.seed),
  });
}

/** What stood there and is not so now. */
function remarksOn(given: Readonly<Record<string, unknown>>, config: Config, path = ''): Remark[] {
  const made: Readonly<Record<string, unknown>> = { ...config };
  return Object.entries(given).flatMap(([name, value]): Remark[] => {
    const field = path + name;
    if (!Object.hasOwn(made, name)) return [{ code: 'unknown', field }];
    const now = made[name];
    if (v.is(record, value) && v.is(record, now)) return remarksOn(value, now as unknown as Config, `${field}.`);
    return JSON.stringify(value) === JSON.stringify(now) ? [] : [{ code: 'changed', field }];
  });
}
