import { cellsMarkdown, type CellsResult } from './cells.ts';
import { flatMarkdown, type FlatResult } from './flat.ts';
import { milliseconds, type CaseResult, type Row } from './measure.ts';
import type { Missing } from './systems.ts';

/** Everything that a run found out; the document of `--json`. */
export interface Report {
  readonly machine: {
    readonly processor: string; readonly cores: number; readonly platform: string; readonly node: string; readonly loadBefore: number;
    /** Measured on that core with vectors of 128 bits, which are WebAssembly's; undefined where it could not be. */
    readonly peakGflops: number | undefined;
  };
  /** Where processes ran. */
  readonly pinned: string;
  readonly rounds: number;
  readonly missing: readonly Missing[];
  /** What makes a system's figures worth less here. */
  readonly warnings: readonly string[];
  readonly cases: readonly CaseResult[];
  /** Cells beside one another. */
  readonly families: readonly CellsResult[];
  /** Costs over the length of sequences. */
  readonly flat: readonly FlatResult[];
}

/** The report as Markdown: what is missing, the table, and what stands behind it. */
export function markdown(report: Report): string {
  const { cases, families } = report;
  const systems = cases.length > 0 ? [...tableLines(report), '', ...legendLines] : [];
  return [...missingLines(report), ...systems, ...families.map(cellsMarkdown), ...report.flat.map(flatMarkdown), ...machineLines(report), ...detailLines(report), ''].join('\n');
}

function missingLines({ missing, warnings }: Report): string[] {
  const lines = [
    ...missing.map(({ name, reason }) => `**MISSING: ${name}** - ${reason}.`),
    ...warnings.map((warning) => `**CAUTION:** ${warning}.`),
  ];
  return lines.flatMap((line) => [line, '']);
}

function tableLines({ cases }: Report): string[] {
  const names = [...new Set(cases.flatMap(({ rows }) => rows.map(({ system }) => system)))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['case', ...names]),
    line(['---', ...names.map(() => '---:')]),
    ...cases.map(({ case: { name }, rows }) => line([name, ...names.map((system) => cell(rows.find((row) => row.system === system)))])),
  ];
}

function cell(row: CaseResult['rows'][number] | undefined): string {
  if (row === undefined) return '-';
  if ('failure' in row) return 'CANNOT';
  const time = `${milliseconds(row.time.median)}${row.byClock === true ? ' by the clock' : ''} ±${percent(row.time.spread)}`;
  if (row.disagreement !== undefined) return `${time}, OTHER WORK`;
  return row.theirsOverOurs === undefined ? time : `${time} (**${Number(row.theirsOverOurs.median.toPrecision(3))}x**)`;
}

const legendLines: readonly string[] = [
  'Processor time of one repetition on one thread: median of the rounds, ± half of the interquartile range. In brackets **their time',
  'over ours** (`unroll`), median over the same rounds: above 1 the system is slower than ours. Cases are CELL-NxTxIxH: batch, time,',
  'input, hidden; training (forward, mean squared error, backward, Adam) unless `-infer`; `-stream`: one step, the state carried on.',
  'Systems with several threads are compared with ours by the clock of the same rounds, which says little where others use the machine.',
  '',
];

function machineLines({ machine, pinned, rounds, cases, families }: Report): string[] {
  const { processor, cores, node, platform, loadBefore, peakGflops } = machine;
  const crowding = Math.max(1, ...[...cases, ...families].flatMap(({ rows }) => rows.flatMap((row) => ('crowding' in row ? row.crowding : []))));
  return [
    ...(peakGflops === undefined ? [] : [`Measured peak of a core with vectors of 128 bits, which WebAssembly has: ${peakGflops.toPrecision(3)} GFLOP/s.`]),
    `${processor}, ${cores} cores, ${platform}, Node ${node}; ${pinned}; up to ${rounds} rounds in turn; load before: ${loadBefore.toFixed(1)};`,
    `others used the core up to ${percent(1 - 1 / crowding)} of the time, which processor time leaves out but caches feel.`,
    '',
  ];
}

function detailLines({ cases, machine: { peakGflops } }: Report): string[] {
  return cases.flatMap((result) => result.rows.map((row) => `- ${result.case.name}: ${'failure' in row ? `**${row.system} CANNOT**: ${row.failure}` : `${detail(row)}${rate(result.case, row, peakGflops)}`}`));
}

function detail(row: Row): string {
  const { system, about, time, prepareMs, firstMs, losses, disagreement } = row;
  const compared = disagreement === undefined ? `losses ${losses.map((loss) => loss.toPrecision(6)).join(', ')}` : `**OTHER WORK**: ${disagreement}`;
  return `${system} (${about}): ${time.count} rounds, ${milliseconds(time.low)} to ${milliseconds(time.high)}; ready in ${milliseconds(prepareMs)}, first repetition ${milliseconds(firstMs)}; ${compared}`;
}

/** What a case does in a second, where that is how people speak of it. */
function rate({ cell, mode, batch, time, input, hidden }: CaseResult['case'], { time: { median } }: Row, peak: number | undefined): string {
  const gflops = (2 * batch * time * input * hidden) / median / 1e6;
  if (cell === 'product') return `; ${gflops.toPrecision(3)} GFLOP/s${peak === undefined ? '' : `, ${percent(gflops / peak)} of ${peak.toPrecision(3)} with vectors of 128 bits`}`;
  return mode === 'text' ? `; ${((batch * time) / median).toPrecision(3)} thousand tokens/s` : '';
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
