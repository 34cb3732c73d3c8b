import uPlot from 'uplot';
import type { Curve, Quantity } from '../state/curve.ts';

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly curve: Curve;
  readonly ghost: Curve | undefined;
}

/** Points of lines over a common grid of training steps, as uPlot reads them: x, then each line, then each ghost. */
export function pointsOf(lines: readonly Line[], quantity: Quantity, smoothing: number): (number | null)[][] {
  const curves = [...lines.map(({ curve }) => curve), ...lines.map(({ ghost }) => ghost)];
  const width = Math.max(...curves.map((curve) => curve?.width ?? 1));
  const columns = curves.map((curve) => smoothed(curve?.values(quantity, width) ?? [], smoothing));
  const rows = Math.max(1, ...columns.map(({ length }) => length));
  return [Array.from({ length: rows }, (_, k) => (k + 1) * width), ...columns.map((column) => Array.from({ length: rows }, (_, k) => column[k] ?? null))];
}

/** An exponential mean; 0 leaves values as they are. */
export function smoothed(values: readonly (number | null)[], smoothing: number): (number | null)[] {
  let mean: number | undefined;
  return values.map((value) => {
    if (value === null) return null;
    mean = mean === undefined ? value : smoothing * mean + (1 - smoothing) * value;
    return mean;
  });
}

// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot's enum is declared, but has no values when a program runs
const [linear, logarithmic]: readonly [uPlot.Scale.Distr, uPlot.Scale.Distr] = [1, 3];

/** Makes a chart in an element. */
export function chartIn(element: HTMLElement, lines: readonly Line[], { log, range }: { readonly log: boolean; readonly range?: readonly [number, number] }): uPlot {
  const style = getComputedStyle(element);
  const [ink, grid] = [style.getPropertyValue('--ink-soft'), style.getPropertyValue('--line')];
  const axis: uPlot.Axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '11px system-ui, sans-serif' };
  const series = (dash: boolean) => ({ label, colour }: Line): uPlot.Series => ({ label, stroke: colour, width: dash ? 1 : 2, alpha: dash ? 0.45 : 1, points: { show: false }, spanGaps: true, ...(dash ? { dash: [3, 3] } : {}) });
  return new uPlot({
    width: element.clientWidth, height: element.clientHeight,
    legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { distr: log ? logarithmic : linear, ...(range === undefined ? {} : { range: [...range] as [number, number] }) } },
    axes: [{ ...axis, size: 28 }, { ...axis, size: 46 }],
    series: [{}, ...lines.map(series(false)), ...lines.map(series(true))],
  }, [[]], element);
}
