/** A cell as a format's reader gives it: CSV has strings alone. */
export type Cell = string | number | bigint | boolean | Date | null | undefined;

/** Cells that have no value: empty ones, and what programs write there. */
export function isMissing(cell: Cell): boolean {
  if (typeof cell === 'number') return Number.isNaN(cell);
  return cell === null || cell === undefined || (typeof cell === 'string' && /^(|na|n\/a|nan|null|none|\?)$/i.test(cell));
}

/** The number that a cell says, undefined where it is not one; dates are milliseconds since 1970-01-01 UTC. */
export const readers: Readonly<Record<'number' | 'date', (cell: Cell) => number | undefined>> = {
  number: (cell) => {
    if (typeof cell === 'string') return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(cell) ? finite(Number(cell)) : undefined;
    return cell instanceof Date || cell === null || cell === undefined ? undefined : finite(Number(cell));
  },
  date: (cell) => {
    if (cell instanceof Date) return finite(cell.getTime());
    return typeof cell === 'string' ? momentOf(cell) : undefined;
  },
};

// ISO 8601: 1949-01, 2016-07-01, 2016-07-01 13:00[:00[.000]] or with T, Z or an offset; slashes do as well. UTC where nothing else is said.
const iso = /^(\d{4})([-/])(\d{2})(?:\2(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[-+]\d{2}:?\d{2})?)?)?$/;

function momentOf(text: string): number | undefined {
  const found = iso.exec(text);
  if (found === null) return undefined;
  const [, year, , month, day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = found;
  // Date.UTC would take the thirtieth of February for the first of March.
  const clock = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (new Date(clock).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return undefined;
  const sign = zone.startsWith('-') ? -1 : 1;
  const [hours, minutes] = zone === 'Z' ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return clock + Math.round(Number(`0${fraction}`) * 1000) - sign * (hours * 60 + minutes) * 60_000;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
