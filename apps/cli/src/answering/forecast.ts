import { forecast } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { openSource } from '../files/source.ts';
import { forecastData } from '../recipes/data.ts';
import { loadAny } from './load.ts';

/** What the command line may say about a forecast. */
export interface ForecastFlags {
  readonly coverage: string;
  readonly dataDir?: string;
  readonly backend: BackendName;
}

/** `unroll forecast`: the rows after the last of a series, as CSV on stdout. */
export async function foresee(path: string, data: string, { coverage, backend, ...place }: ForecastFlags, { io, format }: Session): Promise<void> {
  await useBackend(backend);
  const loaded = await loadAny(path);
  try {
    if (loaded.kind !== 'forecast') throw new CliError('usage', `${path}: it is a ${loaded.kind} model, not one of a series; make one with unroll train forecast`);
    const series = await forecastData(await openSource([data], place), loaded.options);
    const [told] = await forecast.predict(loaded, [series], { coverage: Number(coverage) });
    if (told === undefined) return;
    const { names, values, lower, upper, times } = told;
    const rows = Array.from({ length: values.length / names.length }, (_, row) => ({
      ...(times === undefined ? { step: row + 1 } : { time: new Date(times[row] as number).toISOString() }),
      ...Object.fromEntries(names.flatMap((name, column) => {
        const at = row * names.length + column;
        return [[name, values[at]], ...(lower === undefined || upper === undefined ? [] : [[`${name} from`, lower[at]], [`${name} to`, upper[at]]])] as [string, number][];
      })),
    }));
    if (format === 'json') for (const row of rows) io.stdout.write(`${JSON.stringify(row)}\n`);
    else io.stdout.write([Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))].map((cells) => `${cells.map(cell).join(',')}\n`).join(''));
  } finally {
    loaded.model.dispose();
  }
}

function cell(value: string | number): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
