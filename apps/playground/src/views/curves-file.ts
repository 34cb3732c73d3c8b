import { lineThrough } from './lines.ts';

/** One chart of a picture: columns as a chart has them, x first, then each line, each line's ghost, and a constant level. */
export interface DrawnChart {
  readonly title: string;
  readonly columns: readonly (readonly (number | null)[])[];
  readonly log: boolean;
  /** The ends of the vertical axis that are always in it. */
  readonly least?: readonly [number, number];
  readonly format: (value: number) => string;
}

/** Who the lines are, and the colours of the page. */
export interface Drawing {
  readonly lines: readonly { readonly label: string; readonly colour: string; readonly mark: string }[];
  readonly ink: string;
  readonly soft: string;
  readonly grid: string;
  readonly paper: string;
  readonly xTitle: string;
}

const size = { width: 380, height: 240, left: 52, right: 16, top: 30, bottom: 40 };

/** Charts side by side with their axes and a legend, as one SVG file. */
export function fileOfCurves(charts: readonly DrawnChart[], drawing: Drawing): string {
  const [width, height] = [charts.length * size.width, size.height + 30];
  const legend = drawing.lines.map(({ label, colour, mark }, k) => `<text x="${size.left + k * 130}" y="${height - 10}" fill="${colour}">${mark} ${escaped(label)}</text>`);
  const body = charts.map((chart, k) => `<g transform="translate(${k * size.width} 0)">${chartOf(chart, drawing)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12"><rect width="${width}" height="${height}" fill="${drawing.paper}"/>${body.join('')}${legend.join('')}</svg>`;
}

/** Round numbers that divide a range into about so many parts. */
export function ticksOf(low: number, high: number, most: number): number[] {
  const raw = (high - low) / Math.max(1, most);
  const ten = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((one) => one * ten).find((one) => one >= raw * 0.999) ?? ten * 10;
  return Array.from({ length: Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1 }, (_, k) => Number(((Math.ceil(low / step - 1e-9) + k) * step).toPrecision(12)));
}

// Private.

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function chartOf({ title, columns, log, least, format }: DrawnChart, { lines, ink, soft, grid, paper, xTitle }: Drawing): string {
  const [steps = [], ...rest] = columns;
  const scale = (value: number): number => (log ? Math.log10(value) : value);
  const numbers = (column: readonly (number | null)[]): Float64Array => Float64Array.from(column, (value) => (value === null || (log && value <= 0) ? Number.NaN : scale(value)));
  const drawn = rest.map(numbers);
  const all = [...drawn.flatMap((column) => [...column].filter(Number.isFinite)), ...(least ?? [])];
  const [low, high] = all.length === 0 ? [0, 1] : [Math.min(...all), Math.max(...all, Math.min(...all) + 1e-6)];
  const last = steps.at(-1) ?? 1;
  const place = (step: number): number => size.left + (step / last) * (size.width - size.left - size.right);
  const x = (k: number): number => place(steps[k] ?? 0);
  const y = (value: number): number => size.height - size.bottom - ((value - low) / (high - low)) * (size.height - size.top - size.bottom);
  const rows = (log ? ticksOf(low, high, 4).filter(Number.isInteger) : ticksOf(low, high, 4)).map((tick) => `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="${grid}"/><text x="${size.left - 6}" y="${y(tick) + 4}" text-anchor="end" fill="${soft}">${escaped(format(log ? 10 ** tick : tick))}</text>`);
  const feet = ticksOf(0, last, 4).map((tick) => `<text x="${place(tick)}" y="${size.height - size.bottom + 16}" text-anchor="middle" fill="${soft}">${tick}</text>`);
  const path = (column: Float64Array | undefined, style: string): string => {
    // What was not measured in between does not break a line.
    const at = [...(column ?? [])].flatMap((value, k) => (Number.isFinite(value) ? [k] : []));
    return at.length === 0 ? '' : `<path d="${lineThrough(at.map((k) => column?.[k] ?? 0), (k) => x(at[k] ?? 0), y)}" fill="none" ${style}/>`;
  };
  const paths = lines.map(({ colour, mark }, k) => {
    const [own, ghost] = [drawn[k], drawn[k + lines.length]];
    const end = own === undefined ? -1 : own.findLastIndex(Number.isFinite);
    const sign = end < 0 ? '' : `<text x="${x(end)}" y="${y(own?.[end] ?? 0) + 4}" text-anchor="middle" fill="${colour}" stroke="${paper}" stroke-width="3" paint-order="stroke">${mark}</text>`;
    return path(ghost, `stroke="${colour}" stroke-width="1.2" stroke-dasharray="4 4" opacity="0.5"`) + path(own, `stroke="${colour}" stroke-width="2" stroke-linejoin="round"`) + sign;
  });
  const level = path(drawn[2 * lines.length], `stroke="${soft}" stroke-dasharray="1 4"`);
  return `<text x="${size.left}" y="18" font-size="14" font-weight="600" fill="${ink}">${escaped(title)}</text>${rows.join('')}${feet.join('')}${level}${paths.join('')}<text x="${(size.left + size.width - size.right) / 2}" y="${size.height - 4}" text-anchor="middle" fill="${soft}">${escaped(xTitle)}</text>`;
}
