import { input, type Place, type Plan, type Product, type Stage, type Step } from '@unroll/expr';
import type { MatMulKernel } from '@unroll/tensor/backend';
import { isTooLarge } from '../chunk.ts';
import { halfProduct } from '../kernels/matmul.ts';
import { plainProgram } from '../plain.ts';
import { linear, type Program, type Target } from '../program.ts';
import type { Job, Moment, Scene } from './cells.ts';
import { Bindings, type Memory, type Uses } from './memory.ts';
import { blockAt, rounded } from './pack.ts';
import type { Piece, Recorder } from './recorder.ts';
import { elementsOf, scratch, type Region } from './regions.ts';
import { declareSizes, scanShader } from './shader.ts';
import { UseList } from './uses.ts';

/** A product as a kernel of its own: of all rows of all steps at once, or of those of one step. */
export function productJob(scene: Scene, product: Product, moment: Moment): Job {
  const { step, regions, batch } = scene;
  const { weight, transposed, blocks, operand } = product;
  const { rows, columns, bias } = step.weights[weight] as Step['weights'][number];
  const [from, to] = [regions.of(operand), regions.of(product.target)];
  const stacked = blocks.length * rows;
  const biases = bias && !transposed ? stackedBlocks(regions.biases[weight] as Region, blocks, rows) : undefined;
  const [n, k] = transposed ? [columns, stacked] : [stacked, columns];
  const m = moment === 'all' ? scene.steps * batch : batch;
  const { matrix, program } = multiplied(scene, product, { m, n, k, transposeA: false, transposeB: !transposed, bias: biases !== undefined });
  return {
    users: matrix.users,
    homes: [from, to, ...matrix.homes, ...(biases === undefined ? [] : [biases.region])],
    build(memory) {
      const pieceOf = matrix.build(memory);
      return (recorder, first) => {
        const weights = [pieceOf(recorder), ...(biases === undefined ? [] : [biases.piece(recorder)])];
        recorder.kernel(program, [rowsOf(scene, operand, moment, first), ...weights], [rowsOf(scene, product.target, moment, first)]);
      };
    },
  };
}

/** A matrix product without a batch of its own. */
export function matmul(sizes: Sizes, target: Target): Program {
  return plainProgram(kernelOf(sizes), target);
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

type Sizes = Pick<MatMulKernel, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB' | 'bias'>;

function kernelOf(sizes: Sizes): MatMulKernel {
  return { kind: 'matmul', dtype: 'float32', batch: 1, sharedA: false, sharedB: false, ...sizes };
}

/** The matrix of a product, as it is or rounded: what that takes, and where it is then. */
interface Matrix { readonly users: readonly Uses[]; readonly homes: readonly Region[]; build(memory: Memory): (recorder: Recorder) => Piece }

/** A product by a weight as it is, or by one of half of the bits where that is wanted and the device has it. What has to be cut stays as it is. */
function multiplied(scene: Scene, { weight, blocks }: Product, sizes: Sizes): { readonly matrix: Matrix; readonly program: Program } {
  const { step, regions, target } = scene;
  const { rows, columns } = step.weights[weight] as Step['weights'][number];
  const region = regions.matrices[weight] as Region;
  const kernel = kernelOf(sizes);
  if (target.weights === 'float16' && target.features.has('shader-f16') && !isTooLarge(kernel, target)) {
    return { matrix: halfOf(scene, region, blocks, rows * columns), program: halfProduct(kernel, target) };
  }
  const stacked = stackedBlocks(region, blocks, rows * columns);
  return { matrix: { users: [], homes: [region], build: () => (recorder) => stacked.piece(recorder) }, program: matmul(sizes, target) };
}

/** Blocks of a matrix one behind the other, rounded to half of the bits. */
function halfOf(scene: Scene, region: Region, blocks: readonly number[], block: number): Matrix {
  const vectors = Math.ceil(blocks.length * block / 4);
  const half = scratch(`${region.name}_half`, { fixed: vectors }, 'vec2<u32>');
  const uses = new UseList(scene.regions).read(region).write(half);
  return {
    users: [uses], homes: [],
    build(memory) {
      const shader = scanShader('half');
      const bindings = new Bindings(shader, memory, uses, declareSizes(shader));
      const index = shader.flatIndex(64);
      shader.block(`if (${index} < ${vectors}u)`, () => {
        const numbers = [0, 1, 2, 3].map((k) => {
          const at = shader.let('at', `min(${index} * 4u + ${k}u, ${blocks.length * block - 1}u)`);
          return bindings.element(region, `${blockAt(shader, blocks, `${at} / ${block}u`)} * ${block}u + ${at} % ${block}u`);
        });
        shader.line(`${bindings.element(half, index)} = ${rounded(shader.let('value', `vec4<f32>(${numbers.join(', ')})`))};`);
      });
      const built = shader.build([64]);
      return (recorder) => {
        recorder.once(half, () => recorder.dispatch(built, bindings, linear(vectors, 64, scene.target)));
        return { region: half, from: 0, elements: vectors * 2 };
      };
    },
  };
}

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
