import { readSafetensors, recurrentParameterNames, toFloat64Array, type SafetensorsFile } from '@unroll/interop';

/** PyTorch's recurrent modules, by the name of their class. */
export type Mode = 'RNN' | 'LSTM' | 'GRU';

/** The states of each mode, as PyTorch's files call them: `h0`, `h_n`, `grad_h_n`. */
export const statesOf: Readonly<Record<Mode, readonly string[]>> = { RNN: ['h'], LSTM: ['h', 'c'], GRU: ['h'] };

/** Optimisers that a training curve may have been made with. */
export type OptimizerName = 'adam' | 'adamw' | 'sgd' | 'rmsprop';

/** Numbers of one tensor. */
export interface Values {
  readonly shape: readonly number[];
  /** product(shape) numbers, last axis fastest. */
  readonly data: Float64Array;
}

/** Tensors by name. */
export type Named = ReadonlyMap<string, Values>;

/** How PyTorch built the module. */
export interface ModuleOptions {
  readonly mode: Mode;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly nonlinearity: 'tanh' | 'relu';
  /** 0 where there is no projection. */
  readonly projSize: number;
}

/** One module: what went in, what came out, and the gradients of sum(output * grad_output) + sum(h_n * grad_h_n) + ... */
export interface ModuleReference {
  readonly kind: 'module';
  readonly options: ModuleOptions;
  /** Steps of each row, where the batch was packed. */
  readonly lengths?: readonly number[];
  /** By state_dict name. */
  readonly parameters: Named;
  /** `input`, and `h0`, `c0` where the module did not start from zero. */
  readonly inputs: Named;
  /** `output`, `h_n`, `c_n`. */
  readonly outputs: Named;
  /** The gradient that came from above, by the name of its output. */
  readonly upstream: Named;
  /** The gradient that resulted, by the name of its parameter or input. */
  readonly gradients: Named;
}

/** A training: the parameters it began from, and loss and gradient norm of every step. */
export interface CurveReference {
  readonly kind: 'curve';
  readonly mode: Mode;
  readonly optimizer: OptimizerName;
  /** By state_dict name, with `embedding.`, `rnn.` and `head.` before. */
  readonly parameters: Named;
  /** One number a step. */
  readonly loss: Float64Array;
  readonly gradNorm: Float64Array;
}

/** A file that is not what `verify` reads. */
export class ReferenceFileError extends Error {
  override readonly name: string = 'ReferenceFileError';
}

/**
 * Takes a reference file apart and checks that it is whole: every tensor there and of the shape that the metadata promise.
 *
 * @throws ReferenceFileError or SafetensorsError, with one sentence
 */
export function parseReference(bytes: Uint8Array): ModuleReference | CurveReference {
  const file = readSafetensors(bytes);
  if (file.tensors.has('loss') && file.metadata.has('optimizer')) return curveOf(file);
  if (file.tensors.has('input') && file.metadata.has('mode')) return moduleOf(file);
  throw new ReferenceFileError(
    'not a reference file: it has neither a tensor "input" beside the metadata "mode" (a module) nor a tensor "loss" beside "optimizer" (a training curve)',
  );
}

function moduleOf(file: SafetensorsFile): ModuleReference {
  const options = optionsOf(file);
  const lengths = lengthsOf(file, options);
  const states = statesOf[options.mode];
  const starts = states.map((state) => `${state}0`).filter((name) => file.tensors.has(name));
  const parameterNames = recurrentParameterNames(options);
  const outputNames = ['output', ...states.map((state) => `${state}_n`)];
  const shapes = shapesOf(file, options);
  const take = (names: readonly string[], prefix = ''): Named =>
    new Map(names.map((name) => [name, valuesOf(file, `${prefix}${name}`, shapes(name))]));
  return {
    kind: 'module',
    options,
    ...(lengths === undefined ? {} : { lengths }),
    parameters: take(parameterNames),
    inputs: take(['input', ...starts]),
    outputs: take(outputNames),
    upstream: take(outputNames, 'grad_'),
    gradients: take([...parameterNames, 'input', ...starts], 'grad.'),
  };
}

function optionsOf({ metadata }: SafetensorsFile): ModuleOptions {
  return {
    mode: modeOf(metadata),
    inputSize: size(metadata, 'input_size'),
    hiddenSize: size(metadata, 'hidden_size'),
    numLayers: size(metadata, 'num_layers'),
    bias: choice(metadata, 'bias', { true: true, false: false }),
    batchFirst: choice(metadata, 'batch_first', { true: true, false: false }),
    bidirectional: choice(metadata, 'bidirectional', { true: true, false: false }),
    nonlinearity: metadata.has('nonlinearity') ? choice(metadata, 'nonlinearity', { tanh: 'tanh', relu: 'relu' }) : 'tanh',
    projSize: metadata.has('proj_size') ? size(metadata, 'proj_size', 0) : 0,
  };
}

// A JSON list of one number a row.
function lengthsOf({ metadata, tensors }: SafetensorsFile, { batchFirst }: ModuleOptions): number[] | undefined {
  const text = metadata.get('lengths');
  if (text === undefined) return undefined;
  const [first = 0, second = 0] = tensors.get('input')?.shape ?? [];
  const [steps, rows] = batchFirst ? [second, first] : [first, second];
  const lengths = parsed(text);
  if (Array.isArray(lengths) && lengths.length === rows && lengths.every((length) => Number.isInteger(length) && length >= 1 && length <= steps)) return lengths as number[];
  throw new ReferenceFileError(`metadata "lengths" must be a list of ${rows} whole numbers from 1 to ${steps}, got ${JSON.stringify(text)}`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// T and N are those of the input, which has no N where a single row was run; everything else follows from them and the options.
function shapesOf({ tensors }: SafetensorsFile, options: ModuleOptions): (name: string) => readonly number[] {
  const { inputSize: I, hiddenSize: H, numLayers: L, batchFirst, bidirectional, projSize } = options;
  const sequence = (tensors.get('input')?.shape ?? []).slice(0, -1);
  const batch = sequence.length === 2 ? sequence.slice(batchFirst ? 0 : 1).slice(0, 1) : [];
  const directions = bidirectional ? 2 : 1;
  const P = projSize > 0 ? projSize : H;
  const gates = tensors.get('weight_hh_l0')?.shape[0] ?? 0;
  return (name) => {
    if (name === 'input') return [...sequence, I];
    if (name === 'output') return [...sequence, directions * P];
    if (name.startsWith('weight_ih')) return [gates, name.startsWith('weight_ih_l0') ? I : directions * P];
    if (name.startsWith('weight_hh')) return [gates, P];
    if (name.startsWith('weight_hr')) return [P, H];
    return name.startsWith('bias') ? [gates] : [L * directions, ...batch, name.startsWith('h') ? P : H];
  };
}

function curveOf(file: SafetensorsFile): CurveReference {
  const { metadata, tensors } = file;
  const results = ['loss', 'grad_norm'];
  const names = [...tensors.keys()].filter((name) => !results.includes(name) && !name.startsWith('final.'));
  const [steps = 0] = tensors.get('loss')?.shape ?? [];
  if (steps < 1) throw new ReferenceFileError('the tensor "loss" has no steps');
  return {
    kind: 'curve',
    mode: modeOf(metadata),
    optimizer: choice(metadata, 'optimizer', { adam: 'adam', adamw: 'adamw', sgd: 'sgd', rmsprop: 'rmsprop' }),
    parameters: new Map(names.map((name) => [name, valuesOf(file, name)])),
    loss: valuesOf(file, 'loss', [steps]).data,
    gradNorm: valuesOf(file, 'grad_norm', [steps]).data,
  };
}

function valuesOf({ tensors }: SafetensorsFile, name: string, shape?: readonly number[]): Values {
  const raw = tensors.get(name);
  if (raw === undefined) throw new ReferenceFileError(`the tensor "${name}" is missing`);
  if (shape !== undefined && raw.shape.join() !== shape.join()) {
    throw new ReferenceFileError(`the tensor "${name}" has shape [${raw.shape.join(', ')}], but by the metadata it should be [${shape.join(', ')}]`);
  }
  return { shape: raw.shape, data: toFloat64Array(raw, name) };
}

type Metadata = ReadonlyMap<string, string>;

function modeOf(metadata: Metadata): Mode {
  return choice(metadata, 'mode', { RNN: 'RNN', LSTM: 'LSTM', GRU: 'GRU' });
}

function choice<Value>(metadata: Metadata, key: string, values: Readonly<Record<string, Value>>): Value {
  const text = metadata.get(key);
  if (text !== undefined && Object.hasOwn(values, text)) return values[text] as Value;
  throw new ReferenceFileError(`metadata "${key}" must be one of ${Object.keys(values).join(', ')}, got ${text === undefined ? 'nothing' : JSON.stringify(text)}`);
}

function size(metadata: Metadata, key: string, least = 1): number {
  const value = Number(metadata.get(key) ?? NaN);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ReferenceFileError(`metadata "${key}" must be a whole number of at least ${least}, got ${JSON.stringify(metadata.get(key) ?? null)}`);
}
