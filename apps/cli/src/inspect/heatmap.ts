import type { Paint } from '../print/style.ts';
import { liveliest, rangeOf, type TextTrace, type ValueTrace } from './values.ts';

const shades = ' ░▒▓█';

/** Traces as rows of shades, a character of the text in each column, the liveliest units of each gate first; in pieces that fit `columns`. */
export function terminalHeatmap({ symbols, traces }: TextTrace, { units, columns, paint }: { readonly units: number; readonly columns: number; readonly paint: Paint }): string[] {
  const label = Math.max(...traces.map(({ name, units: count }) => name.length + String(count).length + 2));
  const width = Math.max(10, columns - label);
  const lines: string[] = [];
  for (let from = 0; from < symbols.length; from += width) {
    const to = Math.min(symbols.length, from + width);
    lines.push(`${' '.repeat(label)}${paint('strong', symbols.slice(from, to).map(visible).join(''))}`);
    for (const trace of traces) lines.push(...traceLines(trace, { from, to, units, label, paint }), '');
  }
  return lines;
}

interface Piece { readonly from: number; readonly to: number; readonly units: number; readonly label: number; readonly paint: Paint }

function traceLines(trace: ValueTrace, { from, to, units, label, paint }: Piece): string[] {
  const [low, high] = rangeOf(trace);
  return liveliest(trace).slice(0, units).map((unit) => {
    const cells = Array.from({ length: to - from }, (_, k) => shade(((trace.values[(from + k) * trace.units + unit] as number) - low) / (high - low || 1)));
    return `${`${trace.name} ${unit}`.padEnd(label)}${paint('accent', cells.join(''))}`;
  });
}

function shade(share: number): string {
  return shades[Math.min(shades.length - 1, Math.max(0, Math.floor(share * shades.length)))] ?? '?';
}

const cell = { width: 12, height: 5, left: 70, top: 24, gap: 26 } as const;

/** Traces as a picture: for each gate and layer all units, one under the other, over the text. */
export function svgHeatmap(title: string, { symbols, traces }: TextTrace): string {
  const width = cell.left + symbols.length * cell.width + 12;
  let y: number = cell.top + 20;
  const parts = traces.map((trace) => {
    const part = traceGroup(trace, symbols, y);
    y += trace.units * cell.height + cell.gap;
    return part;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" font-family="ui-monospace, monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`, `<rect width="${width}" height="${y}" fill="#fff"/>`, `<text x="8" y="16" font-weight="600" fill="#222">${escaped(title)}</text>`, ...parts, '</svg>', '',
  ].join('\n');
}

/** The picture on a page of its own. */
export function htmlHeatmap(title: string, trace: TextTrace): string {
  const style = 'body{margin:1.5rem;font:15px system-ui,sans-serif;color:#222;background:#fff}main{overflow-x:auto}';
  const legend = 'Blue is low, orange is high; gates lie between 0 and 1, states about 0. A row is a unit, the liveliest on top; a column is a character.';
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head>\n<body><p>${legend}</p><main>\n${svgHeatmap(title, trace)}</main></body></html>\n`;
}

function traceGroup(trace: ValueTrace, symbols: readonly string[], y: number): string {
  const [low, high] = rangeOf(trace);
  const letters = symbols.map((symbol, t) => `<text x="${cell.left + (t + 0.5) * cell.width}" y="${y - 3}" text-anchor="middle" fill="#444">${escaped(visible(symbol))}</text>`);
  const rows = liveliest(trace).flatMap((unit, row) => symbols.map((_, t) => {
    const value = trace.values[t * trace.units + unit] as number;
    return `<rect x="${cell.left + t * cell.width}" y="${y + row * cell.height}" width="${cell.width}" height="${cell.height}" fill="${colour((value - low) / (high - low || 1))}"/>`;
  }));
  const height = trace.units * cell.height;
  return [`<g><text x="8" y="${y + 10}" fill="#222">${escaped(trace.name)}</text>`, ...letters, ...rows, `<rect x="${cell.left}" y="${y}" width="${symbols.length * cell.width}" height="${height}" fill="none" stroke="#999"/></g>`].join('\n');
}

/** Blue over white to orange: told apart with any kind of colour vision. */
function colour(share: number): string {
  const [low, middle, high] = [[0, 114, 178], [247, 247, 247], [213, 94, 0]] as const;
  const [a, b, k] = share < 0.5 ? [low, middle, share * 2] : [middle, high, share * 2 - 1];
  return `#${[0, 1, 2].map((c) => Math.round((a[c] as number) + ((b[c] as number) - (a[c] as number)) * k).toString(16).padStart(2, '0')).join('')}`;
}

function visible(symbol: string): string {
  if (symbol === '\n') return '⏎';
  return symbol === ' ' ? '·' : symbol.replace(/\p{Cc}/gu, '�');
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] ?? letter);
}
