import type { LearningConfig, ScheduleName } from './config.ts';
import type { ReduceLROnPlateau } from './plateau.ts';
import { cosineAnnealingLR, exponentialLR, linearLR, oneCycleLR, sequentialLR, stepLR, type Schedule } from './schedules.ts';

/**
 * The schedule that a run description names; undefined where the learning rate just stays.
 *
 * After the warm-up, in the updates that are left: `linear` and `cosine` fall to 0, `step` to a tenth in three equal parts each,
 * `exponential` to a hundredth, `plateau` is what the given one says. `one-cycle` warms up in itself, by default for 30 % of the steps.
 */
export function scheduleOf({ schedule, warmup, lr, steps }: Pick<LearningConfig, 'schedule' | 'warmup' | 'lr' | 'steps'>, plateau: ReduceLROnPlateau): Schedule | undefined {
  const total = Math.max(1, steps);
  if (schedule === 'one-cycle') return oneCycleLR(lr, { totalSteps: total, ...(warmup > 0 ? { pctStart: Math.min(1, warmup / total) } : {}) });
  if (warmup === 0) return schedule === 'constant' ? undefined : falls[schedule](lr, total, plateau);
  const rise = linearLR(lr, { startFactor: 1 / (warmup + 1), totalIters: warmup });
  return sequentialLR([rise, falls[schedule](lr, Math.max(1, steps - warmup), plateau)], [warmup]);
}

const falls: Readonly<Record<Exclude<ScheduleName, 'one-cycle'>, (lr: number, steps: number, plateau: ReduceLROnPlateau) => Schedule>> = {
  'constant': (lr) => () => lr,
  'linear': (lr, steps) => linearLR(lr, { startFactor: 1, endFactor: 0, totalIters: steps }),
  'cosine': (lr, steps) => cosineAnnealingLR(lr, { tMax: steps }),
  'step': (lr, steps) => stepLR(lr, { stepSize: Math.ceil(steps / 3) }),
  'exponential': (lr, steps) => exponentialLR(lr, { gamma: 0.01 ** (1 / steps) }),
  'plateau': (_lr, _steps, plateau) => plateau.schedule,
};
