import type { BackendName } from '../backend.ts';
import { tiny } from '../print/format.ts';
import type { Paint } from '../print/style.ts';
import { earlySteps, type CurveDeviation, type Deviation } from './compare.ts';

/** What was found out about one file. */
export interface Verdict {
  readonly file: string;
  readonly backend: BackendName;
  readonly ok: boolean;
  readonly outputs?: Deviation;
  readonly gradients?: Deviation;
  readonly curve?: CurveDeviation;
  /** One sentence; there exactly where `ok` is false. */
  readonly error?: string;
}

/** What a file is allowed to deviate, where the user does not say: rounding, with room to spare. */
export const defaultTolerances: Readonly<Record<BackendName, number>> = { reference: 1e-10, wasm: 2e-5, webgpu: 2e-4 };

/** Relative errors of a training in float32: rounding grows with every step. */
export const curveTolerances: Readonly<Record<BackendName, number>> = { reference: 1e-5, wasm: 1e-5, webgpu: 2e-4 };
/** By how much more the last step may deviate. */
export const lastStepFactor = 10;

/** The verdict on a module: outputs and gradients must both be within the tolerance. */
export function judgeModule(outputs: Deviation, gradients: Deviation, tolerance: number): Pick<Verdict, 'ok' | 'error' | 'outputs' | 'gradients'> {
  const faults = [
    ...(outputs.mixed <= tolerance ? [] : [`"${outputs.worst}" is off by ${tiny(outputs.mixed)}`]),
    ...(gradients.mixed <= tolerance ? [] : [`the gradient of "${gradients.worst}" is off by ${tiny(gradients.mixed)}`]),
  ];
  return { outputs, gradients, ...outcome(faults, tolerance) };
}

/** The verdict on a training curve: the first 50 steps within the tolerance, the last within ten times as much. */
export function judgeCurve(curve: CurveDeviation, tolerance: number): Pick<Verdict, 'ok' | 'error' | 'curve'> {
  const late = tolerance * lastStepFactor;
  const faults = [
    ...(curve.early <= tolerance ? [] : [`within the first ${earlySteps} steps the curve is off by ${tiny(curve.early)}`]),
    ...(curve.last <= late ? [] : [`at the last step it is off by ${tiny(curve.last)}, where ${tiny(late)} is allowed`]),
  ];
  return { curve, ...outcome(faults, tolerance) };
}

function outcome(faults: readonly string[], tolerance: number): { ok: true } | { ok: false; error: string } {
  return faults.length === 0 ? { ok: true } : { ok: false, error: `${faults.join('; ')}; the tolerance is ${tiny(tolerance)}` };
}

/**
 * A verdict as one line of JSON. Numbers that were not measured, or are not finite, are null. For a training curve `outputs` are the
 * losses, `gradients` their norms, and `curve` has the relative errors by step.
 */
export function jsonLine({ file, backend, ok, outputs, gradients, curve, error }: Verdict): string {
  const pair = (deviation: Pick<Deviation, 'abs' | 'rel'> | undefined): object => ({ abs: deviation?.abs ?? null, rel: deviation?.rel ?? null });
  const points = curve?.points.map(({ step, ...errors }) => [step, errors]);
  return JSON.stringify({
    file, backend, ok,
    outputs: pair(outputs ?? curve?.loss),
    gradients: pair(gradients ?? curve?.gradNorm),
    ...(points === undefined ? {} : { curve: Object.fromEntries(points) as unknown }),
    ...(error === undefined ? {} : { error }),
  });
}

/** A verdict for a person. */
export function textLine({ file, ok, outputs, gradients, curve, error }: Verdict, width: number, paint: Paint): string {
  const mark = ok ? paint('good', 'ok  ') : paint('bad', 'FAIL');
  const parts = [
    ...(outputs === undefined ? [] : [`outputs abs ${tiny(outputs.abs)} rel ${tiny(outputs.rel)}`]),
    ...(gradients === undefined ? [] : [`gradients abs ${tiny(gradients.abs)} rel ${tiny(gradients.rel)}`]),
    ...(curve?.points.map(({ step, loss, gradNorm }) => `step ${step}: loss ${tiny(loss)} gradient norm ${tiny(gradNorm)}`) ?? []),
    ...(error === undefined ? [] : [paint('bad', error)]),
  ];
  return `${mark}  ${file.padEnd(width)}  ${parts.join('  ')}`;
}
