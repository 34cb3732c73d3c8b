import type { Place, Product } from '@unroll/expr';
import { enableSubgroups } from '../subgroups.ts';
import type { ShaderBuilder } from '../wgsl.ts';
import { numberText, weightText, type Packed } from './pack.ts';
import { residentElement, type Cursor, type Resident, type Room } from './room.ts';
import { plus, times } from './shader.ts';

/**
 * How a workgroup shares products: `lanes` · `columns` channels at a time for `rows` rows, each by `slices` invocations that take every
 * so many vectors of the operand. Invocation slice · lanes + lane has the channels lane, lane + lanes, …
 */
export interface Tile { readonly rows: number; readonly columns: number; readonly lanes: number; readonly slices: number }

/** A product with its packed weight; the numbers of its results among those of the tile begin with `first`. */
export interface TileProduct { readonly product: Product; readonly packed: Packed; readonly first: number }

/** Products whose results are equally wide, at one place in a shader. */
export interface TileJob {
  readonly shader: ShaderBuilder;
  readonly room: Room;
  readonly tile: Tile;
  /** Invocations of the workgroup, at least lanes · slices. */
  readonly threads: number;
  readonly products: readonly TileProduct[];
  readonly width: number;
  /** The array of packed weights. */
  readonly weights: string;
  /** The first of the lanes' channels. */
  readonly unit: string;
  /** Names of the workgroup's arrays: partial results, and pieces of operands that no resident holds. */
  readonly partial: string;
  readonly staged: string;
  /** Vectors of each row that fit into `staged`. */
  readonly stagedVectors: number;
  /** A cursor at a row of the workgroup. */
  readonly at: (local: string, channel: string) => Cursor;
}

/** How much a workgroup takes at most: rows of the batch, invocations, sums that each of these keeps, weights that it reads at a time, and invocations that share a sum. */
export interface TileOptions { readonly rows: number; readonly threads: number; readonly sums: number; readonly weights: number; readonly slices: number }

/** The tile for so many results of `width` channels from operands of so many vectors. */
export function tileOf({ results, width, vectors }: { readonly results: number; readonly width: number; readonly vectors: number }, { rows, threads, sums, weights, slices }: TileOptions): Tile {
  const columns = Math.max(1, Math.min(mostColumns, Math.ceil(width / 32), Math.floor(sums / (results * rows)), Math.floor(weights / results)));
  const rounds = Math.ceil(width / (threads * columns));
  const lanes = Math.min(threads, Math.ceil(width / (rounds * columns) / 8) * 8);
  return { rows, columns, lanes, slices: Math.max(1, Math.min(slices, Math.floor(threads / lanes), Math.ceil(vectors / 4))) };
}

const mostColumns = 4;

/** Products side by side and their numbers. */
export function numbered(products: readonly Product[], packedOf: (product: Product) => Packed): { readonly products: readonly TileProduct[]; readonly results: number } {
  let results = 0;
  const list = products.map((product) => {
    const packed = packedOf(product);
    results += packed.regions;
    return { product, packed, first: results - packed.regions };
  });
  return { products: list, results };
}

/** Elements of workgroup memory for partial results. Where nobody shares a channel, each invocation has its own to itself. */
export function partialElements({ rows, columns, lanes, slices }: Tile, results: number): number {
  return slices === 1 ? 0 : rows * columns * lanes * slices * results;
}

/** Whether a place can be read from a workgroup's memory in whole vectors, of so many as its weight was filled up to. */
function isWhole(place: Place, { vectors }: Packed, resident: Resident): boolean {
  return place.offset === 0 && resident.stride === vectors * 4;
}

/**
 * Writes the products of a tile. `consume` then writes what is done with the results of one row and channel: it gets the text of each
 * result by its number. Ends without a barrier.
 */
export function emitTile(job: TileJob, consume: (cursor: Cursor, result: (number: number) => string) => void): void {
  const { shader, tile: { rows, columns, lanes, slices } } = job;
  const isEveryone = slices === 1 && job.threads === lanes;
  const lane = isEveryone ? 'local.x' : shader.let('lane', `local.x % ${lanes}u`);
  const slice = isEveryone ? '0u' : shader.let('slice', `local.x / ${lanes}u`);
  const first = shader.let('channel', plus(job.unit, lane));
  // Lanes behind the last channel compute it once more, so that all of them meet at the barriers.
  const channels = Array.from({ length: columns }, (_, k) => shader.let('column', `min(${plus(first, `${k * lanes}u`)}, ${job.width - 1}u)`));
  const sums = job.products.flatMap((own) => emitProduct(job, own, slice, channels));
  const cells = rows * columns;
  const isSingle = slices === 1 && cells === 1;
  const read = shareSums(job, sums, slice, lane);
  if (slices > 1) shader.line('workgroupBarrier();');
  const at = (cell: string): void => {
    const row = rows === 1 ? '0u' : columns === 1 ? cell : shader.let('row', `${cell} % ${rows}u`);
    const channel = columns === 1 ? first : shader.let('channel', `${first} + ${rows === 1 ? cell : `${cell} / ${rows}u`} * ${lanes}u`);
    shader.block(`if (${job.width % (lanes * columns) === 0 ? '' : `${channel} < ${job.width}u && `}${job.at(row, channel).row} < ${job.room.sizes.batch})`, () => {
      consume(job.at(row, channel), (number) => biased(job, number, read(number, cell), channel));
    });
  };
  whileActive(job, slice, () => { if (isSingle) at('0u'); else shader.loop('cell', slice, `${cells}u`, `${slices}u`, at); });
}

// Private.

/** Puts the sums to where they can be read by their number: of the result, and of row and column together. Gives the text that reads one. */
function shareSums(job: TileJob, sums: readonly string[], slice: string, lane: string): (number: number, cell: string) => string {
  const { shader, tile: { rows, columns, lanes, slices } } = job;
  const cells = rows * columns;
  if (slices === 1 && cells === 1) return (number) => sums[number] as string;
  if (slices === 1) {
    const own = shader.name('own');
    shader.line(`var ${own} = array<f32, ${sums.length}>(${sums.join(', ')});`);
    return (number, cell) => `${own}[${plus(`${number * cells}u`, cell)}]`;
  }
  const element = (from: string, number: string, cell: string): string => `${job.partial}[((${from} * ${sums.length / cells}u + ${number}) * ${cells}u + ${cell}) * ${lanes}u + ${lane}]`;
  whileActive(job, slice, () => sums.forEach((sum, k) => shader.line(`${element(slice, `${Math.floor(k / cells)}u`, `${k % cells}u`)} = ${sum};`)));
  return (number, cell) => total(job, (from) => element(from, `${number}u`, cell));
}

function whileActive({ shader, threads, tile }: TileJob, slice: string, body: () => void): void {
  if (threads === tile.lanes * tile.slices) body();
  else shader.block(`if (${slice} < ${tile.slices}u)`, body);
}

function total({ shader, tile }: TileJob, element: (from: string) => string): string {
  if (tile.slices <= 4) return shader.let('product', Array.from({ length: tile.slices }, (_, k) => element(`${k}u`)).join(' + '));
  const sum = shader.name('product');
  shader.line(`var ${sum} = 0.0f;`).loop('k', '0u', `${tile.slices}u`, '1u', (k) => shader.line(`${sum} += ${element(k)};`));
  return sum;
}

function biased({ products, weights }: TileJob, number: number, sum: string, channel: string): string {
  const own = products.find(({ first, packed }) => number >= first && number < first + packed.regions);
  if (own?.packed.bias === undefined) return sum;
  return `${sum} + ${numberText(own.packed.format, `${weights}[${own.packed.bias + (number - own.first) * own.packed.width}u + ${channel}]`)}`;
}

/** The sums of an invocation: by result, column and row. */
type Sums = readonly (readonly (readonly string[])[])[];

// Σ over the vectors of a slice; names of the sums, those of a result one after the other, and so those of a column.
function emitProduct(job: TileJob, own: TileProduct, slice: string, channels: readonly string[]): string[] {
  const { shader, tile, room } = job;
  const { packed, product } = own;
  const sums: Sums = Array.from({ length: packed.regions }, () => channels.map(() => Array.from({ length: tile.rows }, () => {
    const name = shader.name('sum');
    shader.line(`var ${name} = 0.0f;`);
    return name;
  })));
  const resident = room.resident(product.operand);
  if (resident !== undefined && isWhole(product.operand, packed, resident)) {
    const now = room.now;
    emitVectors(job, own, sums, { slice, channels, first: '0u', count: `${packed.vectors}u`, operand: (row, k) => residentElement(resident, now, `${row}u`, k) });
  } else emitStaged(job, own, sums, slice, channels);
  return sums.flat(2);
}

// Pieces of the operand are brought into the workgroup's memory first.
function emitStaged(job: TileJob, own: TileProduct, sums: Sums, slice: string, channels: readonly string[]): void {
  const { shader, tile, room, threads, staged } = job;
  const { depth, vectors } = own.packed;
  const most = Math.min(job.stagedVectors, vectors);
  const stride = most * 4;
  const piece = (first: string, count: string): void => {
    shader.line('workgroupBarrier();');
    shader.loop('i', 'local.x', `${tile.rows * stride}u`, `${threads}u`, (i) => {
      const k = shader.let('k', plus(times(first, 4), tile.rows === 1 ? i : `${i} % ${stride}u`));
      const cursor = job.at(tile.rows === 1 ? '0u' : `(${i} / ${stride}u)`, k);
      const value = shader.name('value');
      shader.line(`var ${value} = 0.0f;`).block(`if (${k} < ${depth}u && ${cursor.row} < ${room.sizes.batch})`, () => shader.line(`${value} = ${room.load(own.product.operand, cursor, depth)};`));
      shader.line(`${staged}[${i}] = ${value};`);
    });
    shader.line('workgroupBarrier();');
    emitVectors(job, own, sums, { slice, channels, first, count, operand: (row, k) => `${staged}[${plus(`${row * stride}u`, k)}]` });
  };
  if (most === vectors) piece('0u', `${vectors}u`);
  else shader.loop('k', '0u', `${vectors}u`, `${most}u`, (k) => piece(k, vectors % most === 0 ? `${most}u` : `min(${most}u, ${vectors}u - ${k})`));
}

interface Vectors {
  readonly slice: string;
  readonly channels: readonly string[];
  /** The first vector, and how many. */
  readonly first: string;
  readonly count: string;
  /** The text of an element of the operand, counted from the first vector on. */
  readonly operand: (row: number, element: string) => string;
}

function emitVectors(job: TileJob, own: TileProduct, sums: Sums, vectors: Vectors): void {
  if (own.packed.lanes > 0) emitShared(job, own, sums, vectors);
  else emitPlain(job, own, sums, vectors);
}

// Each lane reads one of so many neighbours of a row, and they are handed round.
function emitShared({ shader, tile, weights }: TileJob, { packed: { lanes, from, regions, width, format } }: TileProduct, sums: Sums, { slice, channels, first, count, operand }: Vectors): void {
  enableSubgroups(shader);
  shader.loop('v', times(slice, lanes / 4), count, `${tile.slices * lanes / 4}u`, (v) => {
    const at = shader.let('at', `${v} * 4u + member`);
    const rows = Array.from({ length: tile.rows }, (_, row) => shader.let('x', operand(row, at)));
    for (let part = 0; part < lanes / 4; part++) {
      const start = shader.let('from', plus(`${from}u`, times(plus(plus(first, v), `${part}u`), regions * width)));
      const columns = sums.flatMap((list, region) => list.map((own, column) => ({ own, weight: shader.let('w', weightText(shader, format, `${weights}[${plus(plus(start, `${region * width}u`), channels[column] as string)}]`)) })));
      rows.forEach((x, row) => {
        for (let k = 0; k < 4; k++) {
          const factor = shader.let('factor', `subgroupBroadcast(${x}, ${part * 4 + k}u)`);
          for (const { own, weight } of columns) shader.line(`${own[row]} = fma(${weight}[${k}], ${factor}, ${own[row]});`);
        }
      });
    }
  });
}

function emitPlain({ shader, tile, weights }: TileJob, { packed }: TileProduct, sums: Sums, { slice, channels, first, count, operand }: Vectors): void {
  shader.loop('v', slice, count, `${tile.slices}u`, (v) => {
    const at = shader.let('at', `${v} * 4u`);
    const rows = Array.from({ length: tile.rows }, (_, row) => shader.let('x', `vec4<f32>(${[0, 1, 2, 3].map((k) => operand(row, plus(at, `${k}u`))).join(', ')})`));
    const from = shader.let('from', plus(`${packed.from}u`, times(plus(first, v), packed.regions * packed.width)));
    sums.forEach((columns, region) => columns.forEach((list, column) => {
      const weight = shader.let('w', weightText(shader, packed.format, `${weights}[${plus(plus(from, `${region * packed.width}u`), channels[column] as string)}]`));
      list.forEach((sum, row) => shader.line(`${sum} += dot(${weight}, ${rows[row]});`));
    }));
  });
}
