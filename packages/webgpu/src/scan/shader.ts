import { ShaderBuilder } from '../wgsl.ts';

/** A shader whose names for values hide none of the functions that scans call. */
export function scanShader(what: string): ShaderBuilder {
  const shader = new ShaderBuilder(`scan ${what}`);
  for (const name of ['dot', 'widened', 'drawn', 'philox', 'multiplyHigh', 'unit', 'isNan', 'infinity', 'exponential', 'logistic', 'tangent', 'logarithm', 'smaller', 'larger', 'rectified']) shader.name(name);
  return shader;
}

/** Sizes that may change from run to run: words of the uniform block, in this order. */
export interface Sizes {
  /** T and B. */
  readonly steps: string;
  readonly batch: string;
  /** Steps that this dispatch is for, counted in the order in which they run. */
  readonly first: string;
  readonly count: string;
  /** The time of step n is origin + n · direction, in words that wrap around. */
  readonly origin: string;
  readonly direction: string;
  /** The time at which this recurrence begins, where it is a part of a longer one. */
  readonly since: string;
}

/** Puts the sizes into a shader's uniform block. */
export function declareSizes(shader: ShaderBuilder): Sizes {
  return { steps: shader.uniform('steps'), batch: shader.uniform('batch'), first: shader.uniform('first'), count: shader.uniform('count'), origin: shader.uniform('origin'), direction: shader.uniform('direction'), since: shader.uniform('since') };
}

/** The text of the time of a step, counted in the order in which they run. */
export function timeText({ origin, direction }: Sizes, step: string): string {
  return `${origin} + ${step} * ${direction}`;
}

/** The text of a sum. */
export function plus(a: string, b: string): string {
  return a === '0u' ? b : b === '0u' ? a : `${a} + ${b}`;
}

/** The text of a product with a constant. */
export function times(text: string, by: number): string {
  return text === '0u' ? text : by === 1 ? text : `${/^[\w.]+$/u.test(text) ? text : `(${text})`} * ${by}u`;
}
