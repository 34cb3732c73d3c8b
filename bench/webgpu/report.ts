import { milliseconds, type CaseResult, type Failure, type Row } from '../measure.ts';
import type { Missing } from '../systems.ts';
import type { Counts } from './gpu.ts';
import type { Reading } from './meter.ts';

/** One case, with what each system asked of the GPU. */
export interface GpuResult extends CaseResult { readonly meters: Readonly<Record<string, Reading>> }

/** Everything that a run found out; the document of `--json`. Where a row says `cpuMs`, it is the clock's time. */
export interface GpuReport {
  readonly machine: { readonly processor: string; readonly cores: number; readonly platform: string; readonly node: string; readonly loadBefore: number };
  readonly rounds: number;
  readonly missing: readonly Missing[];
  readonly cases: readonly GpuResult[];
}

/** The report as Markdown: what is missing, a table, and what stands behind it. */
export function gpuMarkdown({ machine, rounds, missing, cases }: GpuReport): string {
  return [
    ...missing.flatMap(({ name, reason }) => [`**MISSING: ${name}** - ${reason}.`, '']),
    line(['case', 'system', 'time', 'theirs over ours', 'processor time', 'dispatches', 'submits', 'buffers made']),
    line(['---', '---', '---:', '---:', '---:', '---:', '---:', '---:']),
    ...cases.flatMap((result) => result.rows.map((row) => line([result.case.name, ...cells(row, result)]))),
    '',
    'Time by the clock of one repetition, the loss or the last state read: median of the rounds, in which systems take turns, ± half of the',
    'interquartile range. **Theirs over ours**: median over the same rounds, above 1 the system is slower than ours. Counts are those of one',
    'repetition of a warm system. Processor time is that of the whole process: where the GPU is a processor, it is in there, and what others',
    'do on the machine is not, so its ratio (in brackets) is the steadier one. Cases are CELL-NxTxIxH: batch, time, input, hidden; training (forward, mean squared error, backward, Adam)',
    'unless `-infer`.',
    '',
    `${machine.processor}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}; up to ${rounds} rounds; load before: ${machine.loadBefore.toFixed(1)}.`,
    '',
    ...cases.flatMap((result) => result.rows.map((row) => `- ${result.case.name}: ${'failure' in row ? `**${row.system} CANNOT**: ${row.failure}` : detail(row)}`)),
    '',
  ].join('\n');
}

function cells(row: Row | Failure, { rows: [first], meters }: GpuResult): string[] {
  if ('failure' in row) return [row.system, 'CANNOT', '', '', '', '', ''];
  const { system, time, theirsOverOurs, disagreement } = row;
  const [reading, base] = [meters[system], first === undefined || first === row ? undefined : meters[first.system]];
  const ratio = disagreement === undefined ? theirsOverOurs && `**${Number(theirsOverOurs.median.toPrecision(3))}x** ±${percent(theirsOverOurs.spread)}` : 'OTHER WORK';
  return [system, `${milliseconds(time.median)} ±${percent(time.spread)}`, ratio ?? '', processor(reading, base), ...counted(reading?.perRepetition)];
}

function processor(reading: Reading | undefined, base: Reading | undefined): string {
  if (reading === undefined) return '';
  const time = milliseconds(reading.processorMs.median);
  return base === undefined ? time : `${time} (${Number((reading.processorMs.median / base.processorMs.median).toPrecision(3))}x)`;
}

function counted(counts: Counts | undefined): string[] {
  return counts === undefined ? ['', '', ''] : [counts.dispatches, counts.submits, counts.buffers].map((count) => String(Number(count.toPrecision(4))));
}

function detail({ system, about, time, firstMs, losses, disagreement }: Row): string {
  const compared = disagreement === undefined ? `losses ${losses.map((loss) => loss.toPrecision(6)).join(', ')}` : `**OTHER WORK**: ${disagreement}`;
  return `${system} (${about}): ${time.count} rounds, ${milliseconds(time.low)} to ${milliseconds(time.high)}; first repetition ${milliseconds(firstMs)}; ${compared}`;
}

function line(entries: readonly string[]): string {
  return `| ${entries.join(' | ')} |`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
