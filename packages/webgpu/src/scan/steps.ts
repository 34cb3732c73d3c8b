import { linear } from '../program.ts';
import { cursorAt, mapJob, meansJob, slots, type Job, type Scene } from './cells.ts';
import { Bindings } from './memory.ts';
import type { Packing } from './pack.ts';
import { emitTilePart, isUnkept, partsOf, type TilePart } from './parts.ts';
import { productJob } from './products.ts';
import { Room } from './room.ts';
import { declareSizes, plus, scanShader, timeText } from './shader.ts';
import { mostSums, partialElements, type Tile } from './tile.ts';
import { UseList } from './uses.ts';

/** How much a workgroup takes: rows of the batch, and invocations. */
export interface StepOptions { readonly rows: number; readonly threads: number }

/** The loop as dispatches for every step: what has to be done for one step, in order. */
export function stepJobs(scene: Scene, packing: Packing, options: StepOptions): Job[] {
  return partsOf(scene.plan, (product) => packing.of(product)).flat().map((part) => {
    switch (part.kind) {
      case 'tile': return tileJob(scene, packing, part, options);
      case 'means': return meansJob(scene, part.means, 'step');
      case 'map': return mapJob(scene, part.map, 'step', packing);
    }
  });
}

/** The loop as plainly as can be: every product a matrix product, every map a shader, for every step. */
export function loweredJobs(scene: Scene): Job[] {
  return scene.plan.loop.flatMap(({ products, means, maps }) => [
    ...products.map((product) => productJob(scene, product, 'step')),
    ...(means.length === 0 ? [] : [meansJob(scene, means, 'step')]),
    ...maps.map((map) => mapJob(scene, map, 'step')),
  ]);
}

// Private.

/** Channels that a workgroup takes at a time. */
const lanes = 32;

function tileJob(scene: Scene, packing: Packing, part: TilePart, options: StepOptions): Job {
  const { regions, step, target } = scene;
  const uses = new UseList(regions, (place) => isUnkept(part, place) || (place.kind === 'vector' && packing.vectors.has(place.index))).read(packing.region);
  for (const { product } of part.products) uses.product(product);
  if (part.map !== undefined) uses.map(part.map, scene.masked);
  const tile = tileOf(scene, part, options);
  const tiles = Math.ceil(part.width / tile.lanes);
  return {
    users: [uses], homes: [],
    build(memory) {
      const shader = scanShader('step');
      const sizes = declareSizes(shader);
      const bindings = new Bindings(shader, memory, uses, sizes);
      const weights = packing.region === undefined ? '' : bindings.array(packing.region);
      const room = new Room({ shader, regions, bindings, sizes, ...slots(sizes), vectors: { array: weights, from: packing.vectors } });
      const number = shader.let('number', 'group.y * groups.x + group.x');
      const unit = shader.let('unit', `${number} % ${tiles}u * ${tile.lanes}u`);
      const from = shader.let('from', `${number} / ${tiles}u * ${tile.rows}u`);
      const time = shader.let('time', timeText(sizes, sizes.first));
      const [partial, staged] = memoryOf(scene, part, tile);
      emitTilePart(shader, {
        shader, room, tile, threads: tile.lanes * tile.slices, products: part.products, width: part.width, weights, unit,
        partial: partial === 0 ? '' : shader.workgroup('partial', 'f32', partial), staged: shader.workgroup('staged', 'f32', staged * 4 * tile.rows), stagedVectors: staged,
        at: (local, channel) => ({ ...cursorAt(sizes, time, `(${plus(from, local)})`, channel), local }),
      }, part, { step, masked: scene.masked });
      const built = shader.build([tile.lanes * tile.slices]);
      const workgroups = linear(tiles * Math.ceil(scene.batch / tile.rows), 1, target);
      return (recorder, first) => recorder.dispatch(built, bindings, workgroups, first);
    },
  };
}

function tileOf({ target }: Scene, { results, width, products }: TilePart, { rows, threads }: StepOptions): Tile {
  const { maxComputeInvocationsPerWorkgroup: most, maxComputeWorkgroupStorageSize: bytes } = target.limits;
  const vectors = Math.max(...products.map(({ packed }) => packed.vectors));
  const own = Math.min(lanes, Math.ceil(width / 8) * 8);
  const tile = { rows: Math.max(1, Math.min(rows, Math.floor(mostSums / results))), lanes: own, slices: Math.max(1, Math.min(vectors, Math.floor(Math.min(threads, most) / own))) };
  // Half of the workgroup's memory for partial results, half for operands.
  while (tile.slices > 1 && partialElements(tile, results) * 8 > bytes) tile.slices = Math.ceil(tile.slices / 2);
  while (tile.rows > 1 && partialElements(tile, results) * 8 > bytes) tile.rows = Math.ceil(tile.rows / 2);
  return tile;
}

/** Elements for partial results, and vectors of a row's operand. */
function memoryOf({ target }: Scene, { results, products }: TilePart, tile: Tile): readonly [number, number] {
  const partial = partialElements(tile, results);
  const vectors = Math.max(...products.map(({ packed }) => packed.vectors));
  const room = Math.floor((target.limits.maxComputeWorkgroupStorageSize / 4 - partial) / (4 * tile.rows));
  return [partial, Math.min(vectors, Math.max(1, room))];
}
