import type { History } from '@unroll/train';

const size = { width: 720, height: 400, left: 64, right: 16, top: 36, bottom: 44 } as const;
const plot = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;
/** Points of a line, at most: more than there are pixels show nothing. */
const most = 700;

interface Line { readonly label: string; readonly colour: string; readonly points: readonly (readonly [step: number, value: number])[] }

/** The losses of a training as a picture: those of the updates, smoothed, and those on what was held out. */
export function curveSvg(title: string, history: History): string {
  const finite = (name: string): (readonly [number, number])[] => history.series(name).filter(({ value }) => Number.isFinite(value)).map(({ step, value }) => [step, value] as const);
  const lines: readonly Line[] = [
    { label: 'loss', colour: '#0072b2', points: thinned(smoothed(finite('loss'))) },
    { label: 'held out', colour: '#d55e00', points: finite('heldOut') },
  ].filter(({ points }) => points.length > 0);
  const scale = scaleOf(lines.flatMap(({ points }) => points));
  const body = [frame(title, scale), ...lines.map((line, k) => drawn(line, k, scale))];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="12">\n${body.join('\n')}\n</svg>\n`;
}

interface Scale { readonly steps: readonly [number, number]; readonly values: readonly [number, number] }

function scaleOf(points: readonly (readonly [number, number])[]): Scale {
  const [steps, values] = [points.map(([step]) => step), points.map(([, value]) => value)];
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const room = high > low ? (high - low) * 0.05 : 0.5;
  return { steps: [0, Math.max(1, steps.reduce((a, b) => Math.max(a, b), 1))], values: low <= high ? [Math.max(0, low - room), high + room] : [0, 1] };
}

function place({ steps, values }: Scale, [step, value]: readonly [number, number]): readonly [number, number] {
  const x = size.left + (plot.width * (step - steps[0])) / (steps[1] - steps[0]);
  const y = size.top + plot.height * (1 - (value - values[0]) / (values[1] - values[0]));
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
}

function frame(title: string, scale: Scale): string {
  const { left, top, width, height } = size;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const between = ([low, high]: readonly [number, number], share: number): number => low + (high - low) * share;
  const rows = ticks.map((share) => {
    const value = between(scale.values, share);
    const y = place(scale, [0, value])[1];
    return `<line x1="${left}" x2="${left + plot.width}" y1="${y}" y2="${y}" stroke="#888" stroke-opacity="0.25"/><text x="${left - 8}" y="${y + 4}" text-anchor="end" fill="#777">${value.toPrecision(3)}</text>`;
  });
  const columns = ticks.map((share) => {
    const step = Math.round(between(scale.steps, share));
    return `<text x="${place(scale, [step, 0])[0]}" y="${top + plot.height + 18}" text-anchor="middle" fill="#777">${step}</text>`;
  });
  return [
    `<title>${escaped(title)}</title>`, `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="22" font-weight="600" fill="#222">${escaped(title)}</text>`, ...rows, ...columns,
    `<text x="${left + plot.width / 2}" y="${height - 8}" text-anchor="middle" fill="#777">updates</text>`,
  ].join('\n');
}

function drawn({ label, colour, points }: Line, row: number, scale: Scale): string {
  const path = points.map((point) => place(scale, point).join(' ')).join('L');
  const [x, y] = [size.width - size.right - 90, size.top + 8 + 18 * row];
  const dots = points.length > 60 ? [] : points.map((point) => place(scale, point)).map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${colour}"/>`);
  return [
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`, ...dots,
    `<line x1="${x}" x2="${x + 20}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="3"/><text x="${x + 28}" y="${y + 4}" fill="#222">${label}</text>`,
  ].join('');
}

/** An exponential mean: single batches are noise. */
function smoothed(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const kept = points.length > 100 ? 0.95 : 0.6;
  let [sum, weight] = [0, 0];
  return points.map(([step, value]) => {
    [sum, weight] = [sum * kept + value, weight * kept + 1];
    return [step, sum / weight] as const;
  });
}

function thinned<Point>(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / most);
  return points.filter((_, k) => k % every === 0 || k === points.length - 1);
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] ?? letter).replace(/\p{Cc}/gu, ' ');
}
