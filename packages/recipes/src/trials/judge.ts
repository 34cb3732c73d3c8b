import { ignored, type SequenceBatch } from '@unroll/datasets';
import { largest } from '../scores.ts';
import type { Criterion } from './definition.ts';

/** A test: what the model said, [.., O] laid out like the targets, and what was asked. */
export interface Tested {
  readonly outputs: ArrayLike<number>;
  readonly batch: SequenceBatch;
  /** O. */
  readonly width: number;
}

/** How outputs are judged, where answers are not sequences of their own. */
export const judges: Readonly<Record<Exclude<Criterion, 'exact'>, (tested: Tested) => number>> = { mse, accuracy, legal };

function mse({ outputs, batch: { targets } }: Tested): number {
  let sum = 0;
  for (const [k, target] of targets.entries()) sum += ((outputs[k] as number) - target) ** 2;
  return sum / targets.length;
}

// At steps, class 0 is a blank: nobody earns anything by saying it.
function accuracy({ outputs, batch: { targets, targetShape }, width }: Tested): number {
  const perStep = targetShape.length === 2;
  let [right, asked] = [0, 0];
  for (const [k, target] of targets.entries()) {
    if (target === ignored || (perStep && target === 0)) continue;
    asked += 1;
    if (largest(rowOf(outputs, k, width)) === target) right += 1;
  }
  return right / asked;
}

/** Strings without a fault: least legal score > largest other score, at every step. */
function legal({ outputs, batch: { targets, targetShape, legal: may }, width }: Tested): number {
  const strings = targetShape[1] as number;
  const faulty = new Set<number>();
  for (const [k, target] of targets.entries()) {
    if (target === ignored) continue;
    const scores = Array.from(rowOf(outputs, k, width));
    const isLegal = (_: number, symbol: number): boolean => may?.[k * width + symbol] === 1;
    if (Math.min(...scores.filter(isLegal)) <= Math.max(...scores.filter((score, symbol) => !isLegal(score, symbol)))) faulty.add(k % strings);
  }
  return 1 - faulty.size / strings;
}

function rowOf(values: ArrayLike<number>, row: number, width: number): ArrayLike<number> {
  return Array.from({ length: width }, (_, o) => values[row * width + o] as number);
}
