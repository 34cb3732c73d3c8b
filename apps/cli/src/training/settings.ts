import type { Session } from '../command.ts';
import type { Settings } from '../options/resolve.ts';
import { painter } from '../print/style.ts';
import type { Job } from './protocol.ts';

/** `--print-config`: every setting, and where it comes from, on stdout. */
export function printSettings({ recipe, data }: Pick<Job, 'recipe' | 'data'>, settings: Settings, { io, format }: Session): void {
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify({ recipe, data, settings: Object.fromEntries(settings) })}\n`);
    return;
  }
  const rows = [['recipe', JSON.stringify(recipe), ''], ['data', JSON.stringify(data), ''], ...[...settings].map(([key, { value, origin }]) => [key, JSON.stringify(value), origin])];
  const widths = [0, 1].map((k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)));
  const paint = painter(io, io.stdout);
  for (const [key = '', value = '', origin = ''] of rows) {
    io.stdout.write(`${key.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${paint('faint', origin)}`.trimEnd().concat('\n'));
  }
}
