import uPlot from 'uplot';
import type { Curve, Quantity } from '../state/curve.ts';

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  /** What tells it from the others without colour. */
  readonly mark: string;
  readonly curve: Curve;
  readonly ghost: Curve | undefined;
}

/** Columns over a common grid of training steps, as uPlot reads them: x, each line, each ghost, and a constant level. */
export function pointsOf(lines: readonly Line[], quantity: Quantity, { smoothing, level }: { readonly smoothing: number; readonly level?: number | undefined }): (number | null)[][] {
  const curves = [...lines.map(({ curve }) => curve), ...lines.map(({ ghost }) => ghost)];
  const width = Math.max(...curves.map((curve) => curve?.width ?? 1));
  const columns = curves.map((curve) => smoothed(curve?.values(quantity, width) ?? [], smoothing));
  const rows = Math.max(2, ...columns.map(({ length }) => length));
  const grid = Array.from({ length: rows }, (_, k) => (k + 1) * width);
  return [grid, ...columns.map((column) => grid.map((_, k) => column[k] ?? null)), grid.map(() => level ?? null)];
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

/** At most so many rows, evenly spread, of those in which something was measured: for a table beside the chart. */
export function sampledRows(columns: readonly (readonly (number | null)[])[], most: number): (number | null)[][] {
  const measured = (columns[0] ?? []).flatMap((_, k) => (columns.slice(1, 4).some((column) => column[k] !== null && column[k] !== undefined) ? [k] : []));
  const every = Math.max(1, Math.ceil(measured.length / most));
  return measured.filter((_, k) => k % every === every - 1 || k === measured.length - 1).map((k) => columns.slice(0, 4).map((column) => column[k] ?? null));
}

// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot's enum is declared, but has no values when a program runs
const [linear, logarithmic]: readonly [uPlot.Scale.Distr, uPlot.Scale.Distr] = [1, 3];

/** How the vertical axis of a chart is: logarithmic or not, what is always in it, and how its numbers are written. */
export interface Upright {
  readonly log: boolean;
  readonly least?: readonly [number, number] | undefined;
  readonly format?: ((value: number) => string) | undefined;
}

/** Makes a chart in an element. */
export function chartIn(element: HTMLElement, lines: readonly Line[], { log, least, format }: Upright): uPlot {
  const style = getComputedStyle(element);
  const [ink, grid] = [style.getPropertyValue('--ink-soft'), style.getPropertyValue('--line')];
  const axis: uPlot.Axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  const series = (old: boolean) => ({ label, colour }: Line): uPlot.Series => ({ label, stroke: colour, width: old ? 1.25 : 2, alpha: old ? 0.5 : 1, points: { show: false }, spanGaps: true, ...(old ? { dash: [4, 4] } : {}) });
  return new uPlot({
    width: element.clientWidth, height: element.clientHeight, padding: [8, 18, 0, 0],
    legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    // All charts begin at 0 and end at the same step, wherever the first value was measured.
    scales: { x: { time: false, range: (chart) => [0, chart.data[0]?.at(-1) ?? 1] }, y: { distr: log ? logarithmic : linear, ...(least === undefined ? {} : { range: (_, low, high): [number, number] => [Math.min(least[0], low ?? 0), Math.max(least[1], high ?? 0)] }) } },
    axes: [{ ...axis, size: 26 }, { ...axis, size: 46, values: (_, ticks) => ticks.map((tick) => (format === undefined || tick === null ? tickText(tick, log) : format(tick))) }],
    hooks: { draw: [(chart) => drawMarks(chart, lines)] },
    series: [{}, ...lines.map(series(false)), ...lines.map(series(true)), { label: 'level', stroke: ink, width: 1, dash: [1, 4], points: { show: false } }],
  }, [[]], element);
}

// A few marks on each line, at different places, so that lines can be told apart without their colours.
function drawMarks(chart: uPlot, lines: readonly Line[]): void {
  const { ctx } = chart;
  ctx.save();
  ctx.font = `${Math.round(10 * devicePixelRatio)}px system-ui, sans-serif`;
  [ctx.textAlign, ctx.textBaseline] = ['center', 'middle'];
  for (const [k, { colour, mark }] of lines.entries()) {
    const column: readonly (number | null | undefined)[] = Array.from(chart.data[k + 1] ?? []);
    const measured = column.flatMap((value, at) => (value === null || value === undefined ? [] : [at]));
    for (const share of [0.28, 0.62, 0.96]) {
      const at = measured[Math.round((share - 0.06 * (lines.length - 1 - k)) * (measured.length - 1))];
      if (at === undefined || measured.length < 2) continue;
      ctx.fillStyle = colour;
      ctx.fillText(mark, chart.valToPos(chart.data[0]?.[at] ?? 0, 'x', true), chart.valToPos(column[at] ?? 0, 'y', true));
    }
  }
  ctx.restore();
}

// A logarithmic axis names powers of ten alone.
function tickText(tick: number | null, log: boolean): string {
  if (tick === null) return '';
  if (!log) return String(Number(tick.toPrecision(3)));
  const power = Math.log10(tick);
  return Math.abs(power - Math.round(power)) < 1e-9 ? (power < -3 || power > 3 ? `1e${Math.round(power)}` : String(Number(tick.toPrecision(1)))) : '';
}
