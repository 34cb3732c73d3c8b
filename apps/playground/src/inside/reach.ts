import type { Trace } from '../training/protocol.ts';

/** How much of the last answer's loss each step of time feels: ‖∂L/∂h_t‖, and how fast it fades on the way back. */
export interface Reach {
  /** [T]; 0 where nothing arrives. */
  readonly norms: Float32Array;
  /** The step that is answered last. */
  readonly last: number;
  /** Steps after which half is left on the way back; negative where it grows instead, infinite where it stays. NaN: cannot be said. */
  readonly halfLife: number;
}

/** The reach of a trace through all states of the cell together. */
export function reachOf(trace: Trace | undefined): Reach | undefined {
  const states = Object.values(trace?.reach ?? {});
  if (trace === undefined || states.length === 0) return undefined;
  const norms = Float32Array.from({ length: trace.length }, (_, t) => Math.hypot(...states.map((norms) => norms[t] ?? 0)));
  const last = norms.findLastIndex((norm) => norm > 0);
  return { norms, last, halfLife: halfLifeOf(norms, last) };
}

/**
 * Half-life in steps: the slope of log₂ norm over time by least squares, over the steps before the last answer. A norm of 0 has faded
 * below what a float holds, and ends the line.
 */
export function halfLifeOf(norms: ArrayLike<number>, last: number): number {
  const points: [number, number][] = [];
  for (let t = last; t >= 0; t--) {
    const norm = norms[t] ?? 0;
    if (!(norm > 0) || !Number.isFinite(norm)) break;
    points.push([last - t, Math.log2(norm)]);
  }
  if (points.length < 3) return Number.NaN;
  const mean = (k: 0 | 1): number => points.reduce((sum, point) => sum + point[k], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return Math.abs(slope) < 1e-4 ? Infinity : -1 / slope;
}

/** The first step that the last answer's gradient reaches while it is cut every `truncate` steps; 0 where nothing cuts it. */
export function wallOf(last: number, truncate: number): number {
  return truncate <= 0 ? 0 : Math.floor(last / truncate) * truncate;
}

/** All the walls in a sequence: first steps of pieces that the gradient does not leave. */
export function wallsOf(length: number, truncate: number): number[] {
  if (truncate <= 0) return [];
  return Array.from({ length: Math.max(0, Math.ceil(length / truncate) - 1) }, (_, k) => (k + 1) * truncate);
}

/** Powers of ten from the smallest to the largest norm that is shown; what is further down lies on the floor. */
export function decades(reaches: readonly (Reach | undefined)[], most = 12): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const reach of reaches) {
    for (const norm of reach?.norms ?? []) {
      if (!(norm > 0) || !Number.isFinite(norm)) continue;
      [low, high] = [Math.min(low, Math.log10(norm)), Math.max(high, Math.log10(norm))];
    }
  }
  if (low > high) return { low: -3, high: 0 };
  const top = Math.ceil(high);
  return { low: Math.min(top - 2, Math.max(Math.floor(low), top - most)), high: top };
}
