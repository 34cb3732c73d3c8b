import { input, type Place, type Plan, type Product, type Stage, type Step } from '@unroll/expr';
import type { MatMulKernel } from '@unroll/tensor/backend';
import { plainProgram } from '../plain.ts';
import type { Program, Target } from '../program.ts';
import type { Job, Moment, Scene } from './cells.ts';
import type { Piece, Recorder } from './recorder.ts';
import { elementsOf, scratch, type Region } from './regions.ts';

/** A product as a kernel of its own: of all rows of all steps at once, or of those of one step. */
export function productJob(scene: Scene, product: Product, moment: Moment): Job {
  const { step, regions, batch, target } = scene;
  const { weight, transposed, blocks, operand } = product;
  const { rows, columns, bias } = step.weights[weight] as Step['weights'][number];
  const [from, to] = [regions.of(operand), regions.of(product.target)];
  const stacked = blocks.length * rows;
  const matrix = stackedBlocks(regions.matrices[weight] as Region, blocks, rows * columns);
  const biases = bias && !transposed ? stackedBlocks(regions.biases[weight] as Region, blocks, rows) : undefined;
  const [n, k] = transposed ? [columns, stacked] : [stacked, columns];
  const m = moment === 'all' ? scene.steps * batch : batch;
  const program = matmul({ m, n, k, transposeA: false, transposeB: !transposed, bias: biases !== undefined }, target);
  return {
    users: [],
    homes: [from, to, matrix.region, ...(biases === undefined ? [] : [biases.region])],
    build: () => (recorder, first) => {
      const weights = [matrix, ...(biases === undefined ? [] : [biases])].map((own) => own.piece(recorder));
      recorder.kernel(program, [rowsOf(scene, operand, moment, first), ...weights], [rowsOf(scene, product.target, moment, first)]);
    },
  };
}

/** A matrix product without a batch of its own. */
export function matmul(sizes: Pick<MatMulKernel, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB' | 'bias'>, target: Target): Program {
  return plainProgram({ kind: 'matmul', dtype: 'float32', batch: 1, sharedA: false, sharedB: false, ...sizes }, target);
}

/**
 * The plan with every product that is a kernel of its own reading whole rows: what is part of a wider row, or the same in all rows, is
 * written out first.
 */
export function withWholeOperands(plan: Plan, alsoInLoop: boolean): Plan {
  const buffers = [...plan.buffers];
  const isPart = ({ kind, index, width }: Place): boolean => kind === 'vector' || (kind === 'scratch' && buffers[index]?.width !== width);
  const whole = (stages: readonly Stage[], span: 'step' | 'series'): Stage[] => stages.flatMap((stage) => {
    const copies: Stage[] = [];
    const products = stage.products.map((product): Product => {
      const { operand } = product;
      if (!isPart(operand)) return product;
      buffers.push({ span, width: operand.width });
      const copy: Place = { kind: 'scratch', index: buffers.length - 1, offset: 0, width: operand.width };
      copies.push({ products: [], means: [], maps: [{ width: operand.width, leaves: new Map([['x', operand]]), draws: new Map(), writes: [{ value: input('x'), target: copy }] }] });
      return { ...product, operand: copy };
    });
    return [...copies, { ...stage, products }];
  });
  const [before, loop, after] = [whole(plan.before, 'series'), alsoInLoop ? whole(plan.loop, 'step') : plan.loop, whole(plan.after, 'series')];
  return { ...plan, buffers, before, loop, after };
}

// Private.

function rowsOf({ regions, steps, batch, reverse }: Scene, place: Place, moment: Moment, first: number): Piece {
  const region = regions.of(place);
  if (moment === 'all') return { region, from: 0, elements: elementsOf(region.extent, { steps, batch }) };
  const elements = batch * regions.widthOf(place);
  const time = reverse ? steps - 1 - first : first;
  const at = place.kind === 'state' ? first % 2 : regions.isSeries(place) ? time : 0;
  return { region, from: at * elements, elements };
}

/** Some blocks of a tensor, one behind the other. Where they are not so already, they are copied together once. */
function stackedBlocks(region: Region, blocks: readonly number[], block: number): { readonly region: Region; piece(recorder: Recorder): Piece } {
  const [first = 0] = blocks;
  const elements = blocks.length * block;
  if (first * block % 64 === 0 && blocks.every((own, k) => own === first + k)) return { region, piece: () => ({ region, from: first * block, elements }) };
  const copy = scratch(`${region.name}_blocks`, { fixed: elements });
  return {
    region,
    piece(recorder) {
      recorder.once(copy, () => blocks.forEach((own, k) => recorder.move({ region, from: own * block, elements: block }, { region: copy, from: k * block, elements: block })));
      return { region: copy, from: 0, elements };
    },
  };
}
