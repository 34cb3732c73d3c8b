import type { MeanOf } from '@unroll/expr';
import type { ShaderBuilder } from '../wgsl.ts';
import type { Cursor, Room } from './room.ts';
import { plus } from './shader.ts';

/** Invocations that share the channels of a row. */
export const meanLanes = 16;

/** Means over the channels of the rows that a workgroup owns. */
export interface MeanJob {
  readonly shader: ShaderBuilder;
  readonly room: Room;
  readonly rows: number;
  /** Invocations of the workgroup, at least `meanLanes`. */
  readonly threads: number;
  readonly means: readonly MeanOf[];
  /** Name of a workgroup array of `meanElements`. */
  readonly partial: string;
  readonly at: (local: string, channel: string) => Cursor;
  /** Whether a row exists. */
  readonly exists: (cursor: Cursor) => string;
}

/** Elements of workgroup memory for partial sums. */
export function meanElements(rows: number, means: number): number {
  return rows * means * meanLanes;
}

/** Writes the means: partial sums, a barrier, their sums. Ends without a barrier. */
export function emitMeans(job: MeanJob): void {
  const { shader, room, rows, threads, means, at, exists } = job;
  const lane = shader.let('lane', `local.x % ${meanLanes}u`);
  shader.loop('r', `local.x / ${meanLanes}u`, `${rows}u`, `${Math.floor(threads / meanLanes)}u`, (row) => {
    const sums = zeros(shader, means.length);
    shader.block(`if (${exists(at(row, '0u'))})`, () => {
      for (const width of new Set(means.map(({ operand }) => operand.width))) {
        shader.loop('c', lane, `${width}u`, `${meanLanes}u`, (channel) => means.forEach(({ operand }, mean) => {
          if (operand.width === width) shader.line(`${sums[mean]} += ${room.load(operand, at(row, channel), width)};`);
        }));
      }
    });
    sums.forEach((sum, mean) => shader.line(`${partialSum(job, mean, row, lane)} = ${sum};`));
  });
  shader.line('workgroupBarrier();');
  // A bound that compilers do not know: unrolled, this loop would be most of the code.
  const bound = shader.let('lanes', `${meanLanes}u * min(${room.sizes.steps}, 1u)`);
  shader.loop('r', 'local.x', `${rows}u`, `${threads}u`, (row) => {
    const sums = zeros(shader, means.length);
    shader.loop('k', '0u', bound, '4u', (k) => sums.forEach((sum, mean) => shader.line(`${sum} += ${[0, 1, 2, 3].map((more) => partialSum(job, mean, row, plus(k, `${more}u`))).join(' + ')};`)));
    shader.block(`if (${exists(at(row, '0u'))})`, () => means.forEach(({ operand, target }, mean) => room.store(target, at(row, '0u'), `${sums[mean]} / ${operand.width}.0f`)));
  });
}

// Private.

function zeros(shader: ShaderBuilder, count: number): string[] {
  return Array.from({ length: count }, () => {
    const name = shader.name('sum');
    shader.line(`var ${name} = 0.0f;`);
    return name;
  });
}

function partialSum({ partial, rows }: MeanJob, mean: number, row: string, lane: string): string {
  return `${partial}[(${mean * rows}u + ${row}) * ${meanLanes}u + ${lane}]`;
}
