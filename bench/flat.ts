import { join } from 'node:path';
import { parseCase, type Case } from './cases.ts';
import { writeData } from './data.ts';
import { measureCase, milliseconds, type Failure, type Plan, type Row, type Runner } from './measure.ts';
import { summarise, type Summary } from './statistics.ts';

/** The family `flat`: what a training update takes for each token, and its memory, as sequences grow; kept whole, and with steps computed again. */
const lengths = [64, 256, 1024, 4096] as const;

export interface FlatCase { readonly name: string; readonly cases: readonly Case[] }

/** One length. Times and bytes are of one update. */
export interface FlatRow {
  readonly time: number;
  readonly every: number | undefined;
  /** Milliseconds for each token: one step of one row. */
  readonly perToken: Summary;
  /** The same over that of the first length, in the same rounds. */
  readonly overFirst: Summary;
  /** Most bytes of tensors at a time. */
  readonly peakBytes: number;
  /** Of them what the caller has in any case: inputs, targets, outputs and the gradient by the outputs. */
  readonly ownBytes: number;
  /** All WebAssembly memory. */
  readonly reservedBytes: number;
}

export interface FlatResult { readonly name: string; readonly rows: readonly (FlatRow | Failure)[] }

/** `flat`, `flat-NxIxH`, `flat-CELL-NxIxH`; undefined for names of other cases. Throws an Error for sizes that are none. */
export function parseFlat(name: string): FlatCase | undefined {
  const found = /^flat(?:-(?<cell>[a-z]+))?(?:-(?<batch>\d+)x(?<input>\d+)x(?<hidden>\d+))?$/.exec(name)?.groups;
  if (found === undefined) {
    if (name.startsWith('flat')) throw new Error(`bench: there is no case "${name}"; write flat, flat-NxIxH or flat-CELL-NxIxH: flat-8x64x128.`);
    return undefined;
  }
  const { cell = 'lstm', batch = '8', input = '64', hidden = '128' } = found;
  const at = (time: number, ending: string): Case => parseCase(`${cell}-${batch}x${time}x${input}x${hidden}${ending}`);
  return { name: `flat-${cell}-${batch}x${input}x${hidden}`, cases: [...lengths.map((time) => at(time, '')), ...lengths.map((time) => at(time, `-every${Math.sqrt(time)}`))] };
}

/** Measures the family: each length in a process of its own, in turn. `folder` takes their data. */
export async function measureFlat({ name, cases }: FlatCase, folder: string, start: () => Runner, plan: Plan, log: (line: string) => void): Promise<FlatResult> {
  const entrants = cases.map((size) => {
    const data = join(folder, `${size.name}.bin`);
    writeData(size, data);
    const begin = (): Runner => {
      const runner = start();
      return { request: (request) => runner.request(request.op === 'prepare' ? { op: 'prepare', case: size, data } : request), stop: () => runner.stop() };
    };
    return { name: size.name, start: begin };
  });
  const { rows } = await measureCase(cases[0] as Case, '', entrants, { ...plan, differentWork: true }, (line) => log(line.replace(/^[^:]*: /, `${name}: `)));
  return { name, rows: rows.map((row, k) => ('failure' in row ? row : flatRow(row, cases[k] as Case, rows[0] as Row, cases[0] as Case))) };
}

function flatRow({ samples, memory }: Row, { time, batch, input, hidden, every }: Case, first: Row, firstCase: Case): FlatRow {
  const ratios = samples.flatMap((sample, round) => (first.samples[round] === undefined ? [] : [sample / time / (first.samples[round] / firstCase.time)]));
  return {
    time, every, perToken: summarise(samples.map((sample) => sample / time / batch)), overFirst: summarise(ratios),
    peakBytes: memory?.tensors ?? Number.NaN, reservedBytes: memory?.reserved ?? Number.NaN, ownBytes: 4 * time * batch * (input + 3 * hidden),
  };
}

/** The result as Markdown. */
export function flatMarkdown({ name, rows }: FlatResult): string {
  const line = (entries: readonly (string | number)[]): string => `| ${entries.join(' | ')} |`;
  const mib = (bytes: number): string => `${Number((bytes / 2 ** 20).toPrecision(3))}`;
  return [
    line([name, 'checkpointEvery', 'per token', `over T = ${lengths[0]}`, 'peak MiB of tensors', 'of them own', 'all memory, MiB']),
    line(['---:', '---:', '---:', '---:', '---:', '---:', '---:']),
    ...rows.map((row) => ('failure' in row
      ? line([row.system, '', `CANNOT: ${row.failure}`, '', '', '', ''])
      : line([row.time, row.every ?? '-', milliseconds(row.perToken.median), `**${row.overFirst.median.toFixed(2)}x** ±${row.overFirst.spread.toFixed(2)}`, mib(row.peakBytes), mib(row.ownBytes), mib(row.reservedBytes)]))),
    '',
    'One training update at each T (first column); own bytes are inputs, targets, outputs and the gradient by the outputs, which grow with T by nature.',
    '',
  ].join('\n');
}
