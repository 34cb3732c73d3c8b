import { linear } from '../program.ts';
import { cursorAt, mapJob, meansJob, slots, type Job, type Scene } from './cells.ts';
import { Bindings } from './memory.ts';
import type { Packing } from './pack.ts';
import { emitTilePart, isUnkept, partsOf, type TilePart } from './parts.ts';
import { productJob } from './products.ts';
import { Room } from './room.ts';
import { declareSizes, plus, scanShader, timeText } from './shader.ts';
import { partialElements, tileOf, type Tile, type TileOptions } from './tile.ts';
import { UseList } from './uses.ts';

/** The loop as dispatches for every step: what has to be done for one step, in order. */
export function stepJobs(scene: Scene, packing: Packing, options: TileOptions): Job[] {
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

function tileJob(scene: Scene, packing: Packing, part: TilePart, options: TileOptions): Job {
  const { regions, step, target } = scene;
  const uses = new UseList(regions, (place) => isUnkept(part, place) || (place.kind === 'vector' && packing.vectors.has(place.index))).read(packing.region);
  for (const { product } of part.products) uses.product(product);
  if (part.map !== undefined) uses.map(part.map, scene.masked);
  const tile = fittingTile(scene, part, options);
  const tiles = Math.ceil(part.width / (tile.lanes * tile.columns));
  return {
    users: [uses], homes: [],
    build(memory) {
      const shader = scanShader('step');
      const sizes = declareSizes(shader);
      const bindings = new Bindings(shader, memory, uses, sizes);
      const weights = packing.region === undefined ? '' : bindings.array(packing.region);
      const room = new Room({ shader, regions, bindings, sizes, ...slots(sizes), vectors: { array: weights, from: packing.vectors, format: packing.format } });
      const number = shader.let('number', 'group.y * groups.x + group.x');
      const unit = shader.let('unit', `${number} % ${tiles}u * ${tile.lanes * tile.columns}u`);
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

/** The tile, with half of the workgroup's memory for partial results, half for operands. */
function fittingTile({ target }: Scene, part: TilePart, options: TileOptions): Tile {
  const { maxComputeInvocationsPerWorkgroup: most, maxComputeWorkgroupStorageSize: bytes } = target.limits;
  const rows = Math.max(1, Math.min(options.rows, Math.floor(options.sums / part.results)));
  const tile = { ...tileOf({ ...part, width: Math.min(part.width, lanes) }, { ...options, rows, threads: Math.min(options.threads, most) }) };
  while (tile.slices > 1 && partialElements(tile, part.results) * 8 > bytes) tile.slices = Math.ceil(tile.slices / 2);
  return tile;
}

/** Elements for partial results, and vectors of a row's operand. */
function memoryOf({ target }: Scene, { results, vectors }: TilePart, tile: Tile): readonly [number, number] {
  const partial = partialElements(tile, results);
  const room = Math.floor((target.limits.maxComputeWorkgroupStorageSize / 4 - partial) / (8 * tile.rows));
  // Lanes that hand numbers round take two vectors at a time.
  return [partial, Math.min(vectors, Math.max(1, room) * 2)];
}
