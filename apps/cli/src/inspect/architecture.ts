import { cellFromText, cells, type Cell } from '@unroll/cells';
import { readSafetensors, toFloat64Array, type RawTensor } from '@unroll/interop';
import type { Session } from '../command.ts';
import { refusing } from '../files/checkpoint.ts';
import { readBytes } from '../files/read.ts';
import { modelIn } from '../files/run-folder.ts';
import { bytes, count } from '../print/format.ts';
import { aligned } from '../print/table.ts';
import { painter } from '../print/style.ts';
import { gateReports, type GateReport } from './recurrent-weights.ts';

/** What a file of parameters says of itself. */
export interface Architecture {
  readonly file: string;
  /** `text` and so on; null for a file that is not ours. */
  readonly recipe: string | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Updates that it has learnt from; null where it does not say. */
  readonly steps: number | null;
  readonly parameters: number;
  readonly bytes: number;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string; readonly mean: number; readonly deviation: number }[];
  readonly gates: readonly GateReport[];
}

/** Reads a model, or any safetensors file of parameters. Throws a `CliError` of outcome `checkpoint` that names the file. */
export async function readArchitecture(path: string): Promise<Architecture> {
  const file = await modelIn(path);
  const content = await readBytes(file, 'checkpoint');
  return refusing(file, () => {
    const { metadata, tensors } = readSafetensors(content);
    const json = (key: string): unknown => parsed(metadata.get(key));
    const config = record(json('config'));
    const parameters = new Map([...tensors].filter(([name]) => !/^(?:optimizer|state|best|ema)\./.test(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
    const cell = cellOf(config, json('cellText'));
    const steps = record(json('training'))?.['steps'];
    return {
      file, config: config ?? null, recipe: typeof json('kind') === 'string' ? String(json('kind')) : null, steps: typeof steps === 'number' ? steps : null,
      parameters: [...parameters.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0), bytes: content.length,
      tensors: [...parameters].map(([name, raw]) => ({ name, shape: raw.shape, dtype: raw.dtype, ...moments(raw, name) })),
      gates: gateReports(parameters, cell === undefined ? undefined : { input: cell.inputGates, recurrent: cell.recurrentGates }),
    };
  });
}

/** Prints it. */
export function printArchitecture(architecture: Architecture, { io, format }: Session): void {
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify(architecture)}\n`);
    return;
  }
  const { file, recipe, config, steps, parameters, bytes: size, tensors, gates } = architecture;
  const head = painter(io, io.stdout);
  const what = recipe === null ? 'parameters' : `${recipe} model, ${config === null ? '' : `${String(config['cell'])}, ${String(config['layers'])} x ${String(config['hidden'])}`}`;
  const lines = [
    head('strong', `${file}: ${what}${steps === null ? '' : `, ${count(steps)} updates`}`), `${count(parameters)} parameters, ${bytes(size)}`, '',
    ...table(['parameter', 'shape', 'dtype', 'mean', 'deviation'], tensors.map(({ name, shape, dtype, mean, deviation }) => [name, `[${shape.join(', ')}]`, dtype, number(mean), number(deviation)]), head),
  ];
  if (gates.length > 0) {
    const rows = gates.map(({ layer, gate, spectralRadius, bias }) => [layer, gate, spectralRadius === null ? '-' : number(spectralRadius), ...(bias === null ? ['-', '-'] : [number(bias.mean), `${number(bias.least)} … ${number(bias.most)}`])]);
    lines.push('', ...table(['layer', 'gate', 'spectral radius', 'bias', 'from … to'], rows, head));
  }
  io.stdout.write(`${lines.join('\n')}\n`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[], paint: ReturnType<typeof painter>): string[] {
  const [first = '', ...others] = aligned([head, ...rows]);
  return [paint('strong', first), ...others];
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : String(value);
}

function moments(raw: RawTensor, name: string): { mean: number; deviation: number } {
  const values = toFloat64Array(raw, name);
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function cellOf(config: Readonly<Record<string, unknown>> | undefined, text: unknown): Cell | undefined {
  if (typeof text === 'string') return cellFromText(text);
  const name = config?.['cell'];
  return typeof name === 'string' && Object.hasOwn(cells, name) ? cells[name as keyof typeof cells] : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
