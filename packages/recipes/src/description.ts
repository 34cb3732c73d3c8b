import { cellFromText, EquationError, textOf, weightsOf, type Cell } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { check, RecipeError } from './errors.ts';
import { cellOf, isRegistered } from './model.ts';

// What descriptions of all kinds have in common. None is trusted: they are what JSON gave.

/** A configuration and its cell. */
export interface ParsedConfig<Config> { readonly config: Config; readonly cell: Cell }

/** Equations of a cell that a name alone does not say. Throws CellError where it has none. */
export function cellTextOf(cell: Cell): { readonly cellText?: string } {
  return isRegistered(cell) ? {} : { cellText: textOf(cell) };
}

/** A configuration as it was saved, with a cell of the registry or of these equations. Throws RecipeError `checkpoint` or ConfigError. */
export function parseConfig<Config>(saved: unknown, cellText: unknown, configOf: (options: { readonly cell: Cell | string }) => Config): ParsedConfig<Config> {
  const config = asRecord(saved, 'config');
  // In JSON an object is no cell, but a fault that has to be named.
  const name = typeof config['cell'] === 'string' ? config['cell'] : (JSON.stringify(config['cell']) ?? 'nothing');
  const cell = cellText === undefined ? name : parseCell(cellText);
  return { config: configOf({ ...config, cell }), cell: cellOf(cell) };
}

/** Where a training stood. */
export function parseTraining(training: unknown): Readonly<Record<string, unknown>> {
  const saved = asRecord(training, 'training');
  const { steps } = saved;
  check(Number.isSafeInteger(steps) && (steps as number) >= 0, 'checkpoint', () => `checkpoint: training.steps must be a whole number from 0, got ${String(steps)}.`);
  return saved;
}

/** JSON as fields. */
export function asRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'checkpoint', () => `checkpoint: ${name} must be an object, got ${JSON.stringify(value) ?? 'nothing'}; the file is damaged.`);
  return value as Readonly<Record<string, unknown>>;
}

type Tensors = Readonly<Record<string, Tensor>>;
type Expected = readonly (readonly [name: string, shape: readonly number[]])[];

/** Throws RecipeError `checkpoint` unless the tensors of these names have these shapes. */
export function checkShapes(expected: Expected, tensors: Tensors): void {
  for (const [name, shape] of expected) {
    const got = Object.hasOwn(tensors, name) ? tensors[name]?.shape : undefined;
    check(got?.join() === shape.join(), 'checkpoint',
      () => `checkpoint: ${name} must be (${shape.join(', ')}) by its description, got ${got === undefined ? 'nothing' : `(${got.join(', ')})`}; description and tensors are of different models.`);
  }
}

/** Shapes of the weights of the first layer of recurrent layers that are called `rnn`. */
export function firstLayer(rnn: string, cell: Cell, sizes: { readonly inputSize: number; readonly hiddenSize: number }): Expected {
  return weightsOf(cell, { ...sizes, bias: true }).map(({ name, blocks, rows, columns }) => [`${rnn}.weight_${name}_l0`, [blocks * rows, columns]] as const);
}

/** Throws RecipeError `checkpoint` unless there are tensors of so many layers. */
export function checkLayers(rnn: string, layers: number, tensors: Tensors): void {
  const prefix = `${rnn}.`;
  const found = new Set(Object.keys(tensors).flatMap((name) => (name.startsWith(prefix) ? (/_l(\d+)(_reverse)?$/.exec(name)?.[1] ?? []) : []))).size;
  check(found === layers, 'checkpoint', () => `checkpoint: there are tensors of ${found} recurrent layers, the description says ${layers}; description and tensors are of different models.`);
}

function parseCell(text: unknown): Cell {
  check(typeof text === 'string', 'checkpoint', () => `checkpoint: cellText must be equations, got ${JSON.stringify(text)}; the file is damaged.`);
  try {
    return cellFromText(text);
  } catch (error) {
    if (!(error instanceof EquationError)) throw error;
    throw new RecipeError('checkpoint', `checkpoint: the equations of its cell are damaged: ${error.message.split('\n', 1).join()}`);
  }
}
