import { check, checkFromZero, checkWhole } from './errors.ts';

/**
 * The learning rate of an update, from its number (from 1): what `fit` takes as `schedule`. These are PyTorch's formulas
 * (torch.optim.lr_scheduler) as functions of the step alone, so that nothing has to be saved: PyTorch's `last_epoch` is step − 1.
 */
export type Schedule = (step: number) => number;

/** Options of `linearLR`. */
export interface LinearOptions {
  /** Default 1/3. */
  readonly startFactor?: number;
  /** Default 1. */
  readonly endFactor?: number;
  /** Updates from the first factor to the last one. Default 5. */
  readonly totalIters?: number;
}

/** lr times a factor that changes linearly, and then stays: a warm-up, or a decay. */
export function linearLR(lr: number, { startFactor = 1 / 3, endFactor = 1, totalIters = 5 }: LinearOptions = {}): Schedule {
  checkFromZero('linearLR', { lr, startFactor, endFactor });
  checkWhole('linearLR', 1, { totalIters });
  return (step) => lr * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, step - 1)) / totalIters);
}

/** Options of `cosineAnnealingLR`. */
export interface CosineOptions {
  /** T: updates from lr down to etaMin. */
  readonly tMax: number;
  /** Default 0. */
  readonly etaMin?: number;
}

/** η + (lr − η)(1 + cos(π t / T)) / 2: half a cosine down to η, and up again after T updates (Loshchilov & Hutter 2017). */
export function cosineAnnealingLR(lr: number, { tMax, etaMin = 0 }: CosineOptions): Schedule {
  checkFromZero('cosineAnnealingLR', { lr, etaMin });
  checkWhole('cosineAnnealingLR', 1, { tMax });
  return (step) => cosine(lr, etaMin, (step - 1) / tMax);
}

/** Options of `cosineAnnealingWarmRestarts`. */
export interface RestartOptions {
  /** Updates of the first descent. */
  readonly t0: number;
  /** Each descent takes so many times the updates of the one before. Default 1. */
  readonly tMult?: number;
  /** Default 0. */
  readonly etaMin?: number;
}

/** Half a cosine from lr down to etaMin, and again from lr (Loshchilov & Hutter 2017). */
export function cosineAnnealingWarmRestarts(lr: number, { t0, tMult = 1, etaMin = 0 }: RestartOptions): Schedule {
  checkFromZero('cosineAnnealingWarmRestarts', { lr, etaMin });
  checkWhole('cosineAnnealingWarmRestarts', 1, { t0, tMult });
  return (step) => {
    let [since, length] = [step - 1, t0];
    if (tMult === 1) since %= t0;
    for (; since >= length; length *= tMult) since -= length;
    return cosine(lr, etaMin, since / length);
  };
}

/** Options of `stepLR`. */
export interface StepOptions {
  /** Updates from one fall to the next. */
  readonly stepSize: number;
  /** Default 0.1. */
  readonly gamma?: number;
}

/** lr times gamma, once more after every `stepSize` updates. */
export function stepLR(lr: number, { stepSize, gamma = 0.1 }: StepOptions): Schedule {
  checkFromZero('stepLR', { lr, gamma });
  checkWhole('stepLR', 1, { stepSize });
  return (step) => lr * gamma ** Math.floor((step - 1) / stepSize);
}

/** Options of `multiStepLR`. */
export interface MultiStepOptions {
  /** Numbers of updates after which the rate falls; one that is listed twice counts twice. */
  readonly milestones: readonly number[];
  /** Default 0.1. */
  readonly gamma?: number;
}

/** lr times gamma, once more after each of the milestones. */
export function multiStepLR(lr: number, { milestones, gamma = 0.1 }: MultiStepOptions): Schedule {
  checkFromZero('multiStepLR', { lr, gamma });
  return (step) => lr * gamma ** passed(milestones, step);
}

/** lr · gamma^t. */
export function exponentialLR(lr: number, { gamma }: { readonly gamma: number }): Schedule {
  checkFromZero('exponentialLR', { lr, gamma });
  return (step) => lr * gamma ** (step - 1);
}

/** Options of `oneCycleLR`. */
export interface OneCycleOptions {
  /** Updates in all. */
  readonly totalSteps: number;
  /** Share of them in which the rate rises. Default 0.3. */
  readonly pctStart?: number;
  /** Default 'cos'. */
  readonly annealStrategy?: 'cos' | 'linear';
  /** The first rate is maxLr / divFactor. Default 25. */
  readonly divFactor?: number;
  /** The last rate is the first one / finalDivFactor. Default 1e4. */
  readonly finalDivFactor?: number;
  /** True: falls to the first rate as fast as it rose, and to the last one in the time that is left. Default false. */
  readonly threePhase?: boolean;
}

/** Up to maxLr, and down to almost nothing (Smith & Topin 2018); stays there after the last step. Momentum is not cycled. */
export function oneCycleLR(maxLr: number, options: OneCycleOptions): Schedule {
  const { totalSteps, pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4, threePhase = false } = options;
  checkFromZero('oneCycleLR', { maxLr, divFactor, finalDivFactor });
  checkWhole('oneCycleLR', 1, { totalSteps });
  check(pctStart >= 0 && pctStart <= 1, 'argument', () => `oneCycleLR: pctStart must be from 0 to 1, got ${pctStart}.`);
  check(divFactor * finalDivFactor > 0, 'argument', () => `oneCycleLR: divFactor and finalDivFactor must be above 0, got ${divFactor} and ${finalDivFactor}.`);
  const first = maxLr / divFactor;
  const top = pctStart * totalSteps - 1;
  const down: Phase = { end: totalSteps - 1, from: threePhase ? first : maxLr, to: first / finalDivFactor };
  const phases: readonly Phase[] = [{ end: top, from: first, to: maxLr }, ...(threePhase ? [{ end: 2 * top, from: maxLr, to: first }] : []), down];
  const anneal = { cos: cosine, linear }[annealStrategy];
  return (step) => {
    const t = Math.min(step, totalSteps) - 1;
    const at = phases.findIndex(({ end }) => t <= end);
    const { end, from, to } = phases[at] ?? down;
    const begin = at > 0 ? (phases[at - 1] as Phase).end : 0;
    return anneal(from, to, end === begin ? 1 : (t - begin) / (end - begin));
  };
}

/**
 * One schedule after the other, each from its own first step on: the second from the update that follows the first milestone.
 *
 * @example
 * sequentialLR([linearLR(lr, { startFactor: 0.01, totalIters: 100 }), cosineAnnealingLR(lr, { tMax: 900 })], [100])
 * @throws TrainError `argument` unless there is one milestone less than there are schedules, in ascending order
 */
export function sequentialLR(schedules: readonly Schedule[], milestones: readonly number[]): Schedule {
  const [first] = schedules;
  check(first !== undefined && milestones.length === schedules.length - 1, 'argument',
    () => `sequentialLR: ${schedules.length} schedules take ${schedules.length - 1} milestones, got ${milestones.length}.`);
  check(milestones.every((milestone, k) => milestone > (milestones[k - 1] ?? -1)), 'argument', () => `sequentialLR: milestones must ascend from 0, got ${milestones.join(', ')}.`);
  return (step) => {
    const at = passed(milestones, step);
    return (schedules[at] ?? first)(step - (milestones[at - 1] ?? 0));
  };
}

interface Phase { readonly end: number; readonly from: number; readonly to: number }

/** From one number to another along half a cosine, as `share` goes from 0 to 1. */
function cosine(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

function linear(from: number, to: number, share: number): number {
  return (to - from) * share + from;
}

function passed(milestones: readonly number[], step: number): number {
  return milestones.filter((milestone) => milestone <= step - 1).length;
}
