import type { MatMulKernel } from '@unroll/tensor/backend';
import { WebGpuError } from '../errors.ts';
import { lanesShader, lanesTile, type LanesCode } from '../gemm/lanes.ts';
import { columnsOf, rowsShader } from '../gemm/rows.ts';
import { sharedBytes, threadsOf, tileShader, type Tile } from '../gemm/tile.ts';
import { inline, type Choice, type Compile, type Dispatch, type Program, type Slot, type Target, type Variant } from '../program.ts';
import { isSoftware, sharedLanes } from '../subgroups.ts';
import { elementType } from './map.ts';
import { compileReduce } from './reduce.ts';

/** Batched matrix products: by blocks, with the terms cut into slices where results are few, or row by row where those are. */
export const compileMatMul: Compile<MatMulKernel> = (kernel, target) => choiceOf(folded(kernel), target);

/** A product whose B was rounded to float16 (`halfOf`), on a device that has `shader-f16`. */
export function halfProduct(kernel: MatMulKernel, target: Target): Program {
  const [best] = choiceOf({ ...kernel, halfB: true }, target).variants;
  if (best === undefined) throw new WebGpuError('limit', `webgpu: this device has no way to multiply (${kernel.m}, ${kernel.k}) by (${kernel.k}, ${kernel.n}).`);
  return best.make();
}

// Private.

/** A product, of which B may have numbers of half of the bits. */
interface Product extends MatMulKernel { readonly halfB?: boolean }

function choiceOf(shape: Product, target: Target): Choice {
  const { m, n, k, batch } = shape;
  if (m * n * batch === 0) return { shapeClass: 'nothing', variants: [{ name: 'nothing', make: () => ({ scratch: [], commands: [] }) }] };
  const rows: Variant[] = m <= fewRows ? [{ name: 'rows', make: () => rowsProgram(shape, target) }] : [];
  const tiled = tilesFor(shape, target).map((tile): Variant => ({ name: tile.name, make: () => tileProgram(shape, tile, target) }));
  const lanes = sharedLanes(target);
  const shared: Variant[] = lanes === 0 ? [] : [{ name: 'lanes', make: () => tileProgram(shape, lanesTile(lanes, byLanes(shape, lanes).isVectorB && !shape.transposeB ? 4 : 2), target) }];
  return { shapeClass: `matmul ${shape.dtype} ${[m, n, k, batch].map(roundedUp).join(' ')} ${layoutOf(shape)}`, variants: [...rows, ...shared, ...tiled] };
}

const fewRows = 4;
/** Terms that are worth a slice of their own. */
const worthwhile = 256;

const tiles: readonly Tile[] = [
  { name: '128x128', rows: 128, columns: 128, depth: 8, height: 8, width: 8 },
  { name: '64x64', rows: 64, columns: 64, depth: 16, height: 8, width: 8 },
  { name: '32x64', rows: 32, columns: 64, depth: 16, height: 8, width: 8 },
  { name: '16x64', rows: 16, columns: 64, depth: 16, height: 4, width: 8 },
  { name: '32x32', rows: 32, columns: 32, depth: 16, height: 4, width: 4 },
];

/** How a product by lanes reads: by vectors where all begin at one. */
function byLanes({ m, n, k, transposeA, transposeB }: MatMulKernel, lanes: number): Pick<LanesCode, 'hasRest' | 'isVectorA' | 'isVectorB'> {
  const hasRest = k % lanes !== 0;
  return { hasRest, isVectorA: !hasRest && transposeA && m % 4 === 0, isVectorB: !hasRest && (transposeB || n % 4 === 0) };
}

/** Workgroups that keep a device busy: few where it is a processor. */
function busy(target: Target): number {
  return isSoftware(target) ? 8 : 256;
}

/** With one B for all, the rows of all A are rows of one product. */
function folded(kernel: MatMulKernel): MatMulKernel {
  return kernel.sharedB && !kernel.sharedA && !kernel.transposeA ? { ...kernel, m: kernel.batch * kernel.m, batch: 1 } : kernel;
}

function roundedUp(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(length, 1)));
}

function layoutOf({ transposeA, transposeB }: MatMulKernel): string {
  return `${transposeA ? 't' : 'n'}${transposeB ? 't' : 'n'}`;
}

/** What fits the device, likely best first: the least work, counted with the zeros at the edges and the loads that larger blocks save. */
function tilesFor({ m, n, batch }: MatMulKernel, target: Target): Tile[] {
  const { limits } = target;
  const cost = (tile: Tile): number => {
    const groups = Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns) * batch;
    const loads = 1 + 6 / tile.height + 6 / tile.width;
    return Math.max(groups, busy(target) / 4) * tile.rows * tile.columns * loads;
  };
  return tiles.filter((tile) => sharedBytes(tile) <= limits.maxComputeWorkgroupStorageSize && threadsOf(tile) <= limits.maxComputeInvocationsPerWorkgroup).sort((one, other) => cost(one) - cost(other));
}

function tileProgram(kernel: Product, tile: Tile, target: Target): Program {
  const { m, n, k, batch, dtype } = kernel;
  const groups = Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns) * batch;
  const room = Math.floor(target.limits.maxStorageBufferBindingSize / (batch * m * n * 4));
  const wanted = Math.max(1, Math.min(Math.floor(busy(target) / groups), Math.floor(k / worthwhile), room));
  const slice = Math.max(1, Math.ceil(k / wanted / tile.depth)) * tile.depth;
  const slices = Math.max(1, Math.ceil(k / slice));
  if (slices === 1) return { scratch: [], commands: tileDispatches(kernel, tile, { slices, slice, to: output }, target) };
  const sums: Slot = { kind: 'scratch', index: 0 };
  const total = compileReduce({ kind: 'reduce', op: 'sum', dtype, outer: 1, length: slices, inner: batch * m * n }, target).variants[0]?.make() ?? { scratch: [], commands: [] };
  return {
    scratch: [slices * batch * m * n * 4, ...total.scratch],
    commands: [...tileDispatches(kernel, tile, { slices, slice, to: sums }, target), ...inline(total, { inputs: [sums], outputs: [output], scratchFrom: 1 })],
  };
}

const output: Slot = { kind: 'output', index: 0 };

function tileDispatches(kernel: Product, tile: Tile, { slices, slice, to }: { readonly slices: number; readonly slice: number; readonly to: Slot }, target: Target): Dispatch[] {
  const { m, n, k, batch, transposeA, transposeB, sharedA, sharedB, bias, dtype, halfB = false } = kernel;
  const code = { tile, type: elementType[dtype], transposeA, transposeB, bias, halfB };
  const shader = tile.name === 'lanes'
    ? lanesShader({ ...code, ...byLanes(kernel, tile.depth) })
    : tileShader({ ...code, isVector: (transposeA ? m : k) % 4 === 0 && (transposeB ? k : n) % 4 === 0 && n % 4 === 0 });
  const most = Math.floor(target.limits.maxComputeWorkgroupsPerDimension / slices);
  const [down, across] = [Math.ceil(m / tile.rows), Math.ceil(n / tile.columns)];
  const blocks = tile.name === 'lanes' ? [down, across] as const : [across, down] as const;
  return Array.from({ length: Math.ceil(batch / most) }, (_, part): Dispatch => ({
    kind: 'dispatch', shader, slots: slotsOf(bias, to),
    uniforms: [m, n, k, sharedA ? 0 : m * k, sharedB ? 0 : k * n, slices, slice, part * most, batch],
    workgroups: [...blocks, Math.min(most, batch - part * most) * slices],
  }));
}

function rowsProgram({ m, n, k, batch, transposeA, transposeB, sharedA, sharedB, bias, dtype, halfB = false }: Product, { limits }: Target): Program {
  const shader = rowsShader({ rows: m, type: elementType[dtype], transposeA, transposeB, bias, halfB });
  const most = limits.maxComputeWorkgroupsPerDimension;
  return {
    scratch: [],
    commands: Array.from({ length: Math.ceil(batch / most) }, (_, part): Dispatch => ({
      kind: 'dispatch', shader, slots: slotsOf(bias, output), uniforms: [n, k, sharedA ? 0 : m * k, sharedB ? 0 : k * n, part * most],
      workgroups: [Math.ceil(n / columnsOf({ transposeB })), 1, Math.min(most, batch - part * most)],
    })),
  };
}

function slotsOf(bias: boolean, to: Slot): Slot[] {
  return [...Array.from({ length: bias ? 3 : 2 }, (_, index): Slot => ({ kind: 'input', index })), to];
}
