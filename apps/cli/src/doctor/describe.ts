import { bytes, tiny } from '../print/format.ts';
import type { BackendReport, CrossoverRow, DoctorReport } from './report.ts';

/** The report for a person. */
export function describeReport({ host, backends, gpu, crossover, unmeasured }: DoctorReport): string {
  const lines = [
    row('runtime', `${host.runtime}, ${host.processors} processors`),
    row('processor', ['SIMD', ...(host.relaxedSimd ? ['relaxed SIMD (fused multiply-add)'] : []), ...(host.threads ? ['threads'] : [])].slice(host.simd ? 0 : 1).join(', ') || 'no SIMD'),
    ...Object.entries(backends).map(([name, report]) => row(name, verdict(report))),
    ...(gpu === undefined ? [] : [
      row('GPU', `${gpu.adapter}${gpu.software ? ' (a driver for the processor)' : ''}`),
      row('features', gpu.features.join(', ') || 'none'),
      ...Object.entries(gpu.limits).map(([name, value], k) => row(k === 0 ? 'limits' : '', `${name} ${name.endsWith('Size') && value >= 2 ** 20 ? bytes(value) : String(value)}`)),
    ]),
    ...(crossover === undefined ? [row('crossover', `not measured: ${unmeasured ?? ''}`)] : ['', ...table(crossover)]),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name: string, text: string): string {
  return `${name.padEnd(11)}${text}`.trimEnd();
}

function verdict(report: BackendReport): string {
  if ('missing' in report) return `not here: ${report.missing}`;
  return `${report.ok ? 'ok' : 'WRONG NUMBERS'}, off by ${tiny(report.error)} from the definitions (${tiny(report.tolerance)} allowed)`;
}

function table(rows: readonly CrossoverRow[]): string[] {
  const cells = rows.map(({ batch, hidden, steps, wasm, webgpu }) => [`${batch} x ${steps} x ${hidden}`, wasm.toFixed(1), webgpu.toFixed(1), webgpu < wasm ? 'GPU' : 'processor']);
  const all = [['B x T x H', 'wasm ms', 'webgpu ms', 'faster'], ...cells];
  return ['A training step of an LSTM:', ...all.map((line) => line.map((text, k) => (k === 0 || k === 3 ? text.padEnd(14) : `${text.padStart(10)}  `)).join('').trimEnd())];
}
