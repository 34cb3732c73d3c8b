import { toFloat64Array, type RawTensor } from '@unroll/interop';
import { spectralRadius } from './eigenvalues.ts';

/** One gate of one layer and direction. */
export interface GateReport {
  /** Prefix and suffix of its weights: `rnn._l0`, `rnn._l0_reverse`. */
  readonly layer: string;
  readonly gate: string;
  /** Largest absolute eigenvalue of its recurrent block; null where that is not square. */
  readonly spectralRadius: number | null;
  /** Mean, least and largest of its bias, b_ih and b_hh together; null where there is none. */
  readonly bias: { readonly mean: number; readonly least: number; readonly most: number } | null;
}

/** Gates in the order of their rows, of the input weight and of the recurrent one. */
export interface GateNames {
  readonly input: readonly string[];
  readonly recurrent: readonly string[];
}

/** By how many blocks PyTorch stacks, where nothing says which cell it is. */
const usual: Readonly<Record<number, readonly string[]>> = { 1: ['h'], 3: ['r', 'z', 'n'], 4: ['i', 'f', 'g', 'o'] };

/** Every recurrent weight among the parameters, gate by gate. Blocks beyond this many rows take long, and are left out. */
export function gateReports(parameters: ReadonlyMap<string, RawTensor>, names: GateNames | undefined, largest: number = 1024): GateReport[] {
  return [...parameters].flatMap(([name, raw]) => {
    const found = /^(.*)weight_hh(_l\d+(?:_reverse)?)$/.exec(name);
    const [rows = 0, columns = 0] = raw.shape;
    if (found === null || raw.shape.length !== 2 || rows === 0 || columns === 0) return [];
    const [, prefix = '', suffix = ''] = found;
    const gates = names?.recurrent ?? usual[rows / columns] ?? Array.from({ length: Math.max(1, Math.round(rows / columns)) }, (_, k) => String(k));
    const height = rows / gates.length;
    const values = toFloat64Array(raw, name);
    return gates.map((gate, block): GateReport => ({
      layer: `${prefix}${suffix}`,
      gate,
      spectralRadius: height === columns && height <= largest ? spectralRadius(values.subarray(block * height * columns, (block + 1) * height * columns), height) : null,
      bias: biasOf({ parameters, prefix, suffix, height }, gate, names ?? { input: gates, recurrent: gates }),
    }));
  });
}

interface BiasPlace { readonly parameters: ReadonlyMap<string, RawTensor>; readonly prefix: string; readonly suffix: string; readonly height: number }

function biasOf({ parameters, prefix, suffix, height }: BiasPlace, gate: string, names: GateNames): GateReport['bias'] {
  const parts = ([['bias_ih', names.input], ['bias_hh', names.recurrent]] as const).flatMap(([role, gates]) => {
    const raw = parameters.get(`${prefix}${role}${suffix}`);
    const block = gates.indexOf(gate);
    return raw === undefined || block < 0 ? [] : [toFloat64Array(raw).subarray(block * height, (block + 1) * height)];
  });
  const [first] = parts;
  if (first === undefined || first.length === 0) return null;
  const sums = Array.from(first, (_, k) => parts.reduce((sum, part) => sum + (part[k] ?? 0), 0));
  return { mean: sums.reduce((a, b) => a + b, 0) / sums.length, least: Math.min(...sums), most: Math.max(...sums) };
}
