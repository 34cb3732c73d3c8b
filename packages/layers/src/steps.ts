import { CellError, stepOf, withInputDropout, withRecurrentDropout, withZoneout, type Cell, type CellSizes } from '@unroll/cells';
import type { Step } from '@unroll/expr';
import { LayerError } from './errors.ts';

/** What of a step is random in training. */
export interface Noise {
  readonly inputDropout: number;
  readonly recurrentDropout: number;
  /** By state; those without are not held. */
  readonly zoneout: Readonly<Record<string, number>>;
}

/** Forms of one step. */
export interface StepVariant {
  readonly noise: Noise;
  /** In evaluation there is no dropout, and zoneout takes its expectation. */
  readonly training: boolean;
  /** Values to write out for every step, behind the first state. */
  readonly values?: readonly string[];
}

export const noNoise: Noise = { inputDropout: 0, recurrentDropout: 0, zoneout: {} };

/**
 * A cell's step with sizes. Equal ones are one object, since tapes and backends know what they derive and compile by it.
 *
 * @throws LayerError `argument` where the cell cannot have a projection, noise or value that is asked for
 */
export function sizedStep(cell: Cell, sizes: CellSizes, { noise, training, values = [] }: StepVariant): Step {
  const { inputSize, hiddenSize, bias, projSize = 0 } = sizes;
  const [first = ''] = cell.state;
  const outputs = [...new Set([first, ...values])];
  const quiet = Object.keys(noise.zoneout).length === 0 && noise.inputDropout === 0 && noise.recurrentDropout === 0;
  const key = JSON.stringify([inputSize, hiddenSize, bias, projSize, outputs, ...(quiet ? [] : [training, noise])]);
  const known = steps.get(cell) ?? new Map<string, Step>();
  steps.set(cell, known);
  const step = known.get(key) ?? made(cell, () => noisy(stepOf(cell, sizes, outputs), noise, training));
  known.set(key, step);
  return step;
}

// Private.

const steps = new WeakMap<Cell, Map<string, Step>>();

function noisy(step: Step, { inputDropout, recurrentDropout, zoneout }: Noise, training: boolean): Step {
  if (!training) return withZoneout(step, zoneout, 'expect');
  return withZoneout(withRecurrentDropout(withInputDropout(step, inputDropout), recurrentDropout), zoneout, 'draw');
}

function made(cell: Cell, make: () => Step): Step {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw new LayerError('argument', error.message.startsWith(`${cell.name}: `) ? error.message : `${cell.name}: ${error.message}`, { cause: error });
  }
}
