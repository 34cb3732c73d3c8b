import { join } from 'node:path';
import { gates, parseCase, type Case, type CellName } from './cases.ts';
import { writeData } from './data.ts';
import { measureCase, milliseconds, type CaseResult, type Failure, type Plan, type Row, type Runner } from './measure.ts';
import { summarise, type Summary } from './statistics.ts';

/** The family `cells`: what a gate costs in a cell of one's own, beside the built-in ones. The first is what the others are compared with. */
const family: readonly CellName[] = ['lstm', 'gru', 'gru-original', 'own'];

/** The same sizes for each of the family. */
export interface CellsCase { readonly name: string; readonly cases: readonly Case[] }

/** One cell. A gate's products are W x and R h, and those of both gradients. */
export interface CellRow {
  readonly cell: CellName;
  readonly gates: number;
  /** Milliseconds of one repetition. */
  readonly time: Summary;
  /** The same for each gate. */
  readonly perGate: Summary;
  /** Clock time by processor time. */
  readonly crowding: number;
  /** Time for each gate over that of the first cell, in the same rounds. */
  readonly overFirst: Summary;
}

/** What the family costs, in the order of `family`. */
export interface CellsResult { readonly name: string; readonly rows: readonly (CellRow | Failure)[] }

/** `cells`, `cells-NxTxIxH`, `cells-NxTxIxHxL-infer`; undefined for names of other cases. Throws an Error for sizes that are none. */
export function parseCells(name: string): CellsCase | undefined {
  const found = /^cells(?:-(?<rest>.*))?$/.exec(name)?.groups;
  if (found === undefined) return undefined;
  const cases = family.map((cell) => parseCase(`${cell}-${found['rest'] ?? '32x64x64x256'}`));
  return { name: `cells${cases[0]?.name.slice(family[0]?.length) ?? ''}`, cases };
}

/** Measures the family: each cell in a process of its own, in turn. `folder` takes their data. */
export async function measureCells({ name, cases }: CellsCase, folder: string, start: () => Runner, plan: Plan, log: (line: string) => void): Promise<CellsResult> {
  const entrants = cases.map((size) => {
    const data = join(folder, `${size.name}.bin`);
    writeData(size, data);
    return { name: size.cell, start: () => withCase(start(), size, data) };
  });
  const result = await measureCase(cases[0] as Case, '', entrants, { ...plan, differentWork: true }, (line) => log(line.replace(/^[^:]*/, name)));
  return { name, rows: perGate(result) };
}

// Times as times of one gate.
function perGate({ rows }: CaseResult): CellsResult['rows'] {
  const [first] = rows;
  const base = first === undefined || 'failure' in first ? [] : first.samples;
  return rows.map((row) => ('failure' in row ? row : cellRow(row, base)));
}

/** The result as Markdown. */
export function cellsMarkdown({ name, rows }: CellsResult): string {
  const line = (entries: readonly (string | number)[]): string => `| ${entries.join(' | ')} |`;
  return [
    line([name, 'gates', 'time', 'per gate', `over ${family[0]}`]),
    line(['---', '---:', '---:', '---:', '---:']),
    ...rows.map((row) => ('failure' in row
      ? line([row.system, '', `CANNOT: ${row.failure}`, '', ''])
      : line([row.cell, row.gates, milliseconds(row.time.median), milliseconds(row.perGate.median), `**${row.overFirst.median.toFixed(2)}x** ±${row.overFirst.spread.toFixed(2)}`]))),
    '',
    'Processor time of one repetition on one thread, median of the rounds. A gate is its products W x and R h with both gradients, and its',
    'share of all else. `own` is own-cell.txt, equations that are parsed when the measurement begins.',
    '',
  ].join('\n');
}

function cellRow({ system, time, crowding, samples }: Row, base: readonly number[]): CellRow {
  const cell = system as CellName;
  const [own, first] = [gates[cell], gates[family[0] as CellName]];
  const ratios = samples.flatMap((sample, round) => (base[round] === undefined ? [] : [(sample / own) / (base[round] / first)]));
  return { cell, gates: own, time, crowding, perGate: summarise(samples.map((sample) => sample / own)), overFirst: summarise(ratios.length > 0 ? ratios : [Number.NaN]) };
}

function withCase(runner: Runner, size: Case, data: string): Runner {
  return {
    request: (request) => runner.request(request.op === 'prepare' ? { op: 'prepare', case: size, data } : request),
    stop: () => runner.stop(),
  };
}
