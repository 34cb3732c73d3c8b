import { bytes, count, duration } from '../print/format.ts';
import type { PlanEvent } from './events.ts';

/** A plan as a table and what it adds up to. */
export function planLines({ shapes, parameters, parameterBytes, peakBytes, checkpointBytes, secondsPerStep, seconds, step, steps }: PlanEvent): string[] {
  const rows = Object.entries(shapes).map(([name, shape]) => [name, `[${shape.join(', ')}]`, count(shape.reduce((a, b) => a * b, 1))] as const);
  const widths = [0, 1, 2].map((k) => Math.max(...rows.map((row) => (row[k] as string).length)));
  const table = rows.map(([name, shape, size]) => `${name.padEnd(widths[0] as number)}  ${shape.padEnd(widths[1] as number)}  ${size.padStart(widths[2] as number)}`);
  return [
    ...table,
    `parameters   ${count(parameters)}`,
    `memory       ${bytes(parameterBytes)} of parameters, gradients and optimiser; ${bytes(peakBytes)} taken in all`,
    `checkpoint   ${bytes(checkpointBytes)}`,
    `time         ${(secondsPerStep * 1000).toPrecision(3)} ms an update, about ${duration(seconds)} for ${count(steps - step)} of them, without evaluations`,
  ];
}
