import { Rng } from '@unroll/datasets';
import { spectralRadius } from './eigenvalues.ts';

/** Sizes of the experiment, as it is usually told. */
const [rows, width, length] = [2, 3, 20];

/** One repeated product. */
export interface MatrixRun {
  /** What W_h is multiplied with. */
  readonly scale: number;
  readonly spectralRadius: number;
  /** ‖dh_t‖ / N for t from 0 steps back to T. */
  readonly norms: readonly number[];
}

/**
 * What back-propagation through time does to a gradient, without any cell: dh ← dh W_hᵀ, 20 times, for dh = ones of (2, 3) and one W_h
 * of (3, 3) drawn from N(0, 1), whole and halved. Whole it explodes, halved it vanishes, as long as W_h has a spectral radius between 1 and 2.
 */
export function matrixExperiment(seed: number): readonly MatrixRun[] {
  const weights = drawn(seed);
  return [1, 0.5].map((scale) => {
    const scaled = weights.map((weight) => weight * scale);
    return { scale, spectralRadius: spectralRadius(scaled, width), norms: repeated(scaled) };
  });
}

/** Of the draws of a seed the first with a radius between 1.2 and 1.8, so that both halves of the tale are seen. */
function drawn(seed: number): readonly number[] {
  const rng = new Rng(seed);
  for (;;) {
    const weights = Array.from({ length: width * width }, () => rng.normal());
    const radius = spectralRadius(weights, width);
    if (radius > 1.2 && radius < 1.8) return weights;
  }
}

function repeated(weights: readonly number[]): number[] {
  let gradient = Array.from({ length: rows * width }, () => 1);
  const norms = [Math.hypot(...gradient) / rows];
  for (let t = 0; t < length; t += 1) {
    const before = gradient;
    gradient = before.map((_, at) => Array.from({ length: width }, (_, k) => (before[Math.floor(at / width) * width + k] as number) * (weights[(at % width) * width + k] as number)).reduce((a, b) => a + b, 0));
    norms.push(Math.hypot(...gradient) / rows);
  }
  return norms;
}
