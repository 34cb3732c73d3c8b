import { InvalidArgumentError } from 'commander';

/** Bounds of an option's number. */
export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** A parser for an option that takes a whole number within bounds. */
export function whole(bounds: Bounds): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value) && isWithin(value, bounds)) return value;
    throw new InvalidArgumentError(`It must be a whole number${describe(bounds)}.`);
  };
}

/** A parser for an option that takes a finite number within bounds, such as `0.002` or `2e-3`. */
export function real(bounds: Bounds): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (Number.isFinite(value) && isWithin(value, bounds)) return value;
    throw new InvalidArgumentError(`It must be a number${describe(bounds)}.`);
  };
}

function isWithin(value: number, { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity }: Bounds): boolean {
  return value >= least && value > above && value <= most && value < below;
}

function describe({ least, above, most, below }: Bounds): string {
  const words = [
    least === undefined ? '' : `of at least ${least}`,
    above === undefined ? '' : `above ${above}`,
    most === undefined ? '' : `of at most ${most}`,
    below === undefined ? '' : `below ${below}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? '' : ` ${words.join(' and ')}`;
}
