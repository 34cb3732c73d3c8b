import type { Place, Plan, Target } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { Target as Device } from '../program.ts';
import { sharedLanes } from '../subgroups.ts';
import { meanElements } from './means.ts';
import { paddedTo } from './pack.ts';
import { isUnkept, type Part, type TilePart } from './parts.ts';
import { residentKey } from './room.ts';
import { partialElements, tileOf, type Tile, type TileOptions } from './tile.ts';

/** What a workgroup that runs the whole sequence keeps to itself. */
export interface WholeLayout {
  /** Rows of the batch that it owns. */
  readonly rows: number;
  readonly threads: number;
  /** States and buffers by `residentKey`, with the elements from row to row. */
  readonly residents: ReadonlyMap<string, { readonly slots: 1 | 2; readonly stride: number }>;
  readonly tiles: ReadonlyMap<TilePart, Tile>;
  /** Elements for partial results, and vectors of a row's operand that is not a resident. */
  readonly partial: number;
  readonly stagedVectors: number;
  /** Bytes of workgroup memory in all. */
  readonly bytes: number;
}

/** Vectors of an operand that are staged where it cannot be a resident. */
const stagedAtMost = 64;

/** Fits the loop into a workgroup: as many rows as asked for, unless what products read has no room then. */
export function wholeLayout(kernel: ScanKernel, plan: Plan, parts: readonly (readonly Part[])[], device: Device, options: TileOptions): WholeLayout {
  const { limits } = device;
  const wishes = wishesOf(kernel, plan, parts, sharedLanes(device));
  const tileParts = parts.flat().filter((part) => part.kind === 'tile');
  const results = Math.max(1, ...tileParts.map((part) => part.results));
  const room = Math.floor(limits.maxComputeWorkgroupStorageSize / 4);
  for (let rows = Math.max(1, Math.min(options.rows, Math.floor(options.sums / results))); ; rows = Math.ceil(rows / 2)) {
    for (let threads = Math.min(options.threads, limits.maxComputeInvocationsPerWorkgroup); ; threads = Math.ceil(threads / 2)) {
      const layout = fitted(wishes, parts, { ...options, rows, threads }, room);
      if (layout !== undefined && layout.complete) return layout;
      if (rows === 1 && threads <= 64 && layout !== undefined) return layout;
      if (rows > 1 || threads <= 64) break;
    }
    if (rows === 1) throw new RangeError(`scan: a workgroup of the device has ${room * 4} bytes, too few for a row of this step.`);
  }
}

// Private.

/** A place that had better be a resident; `isOperand`: products read it. */
interface Wish { readonly key: string; readonly slots: 1 | 2; readonly stride: number; readonly isOperand: boolean }

function fitted(wishes: readonly Wish[], parts: readonly (readonly Part[])[], options: TileOptions, room: number): (WholeLayout & { readonly complete: boolean }) | undefined {
  const { rows } = options;
  const tiles = new Map(parts.flat().filter((part) => part.kind === 'tile').map((part) => [part, tileOf(part, options)]));
  const used = Math.max(64, ...[...tiles.values()].map(({ lanes, slices }) => lanes * slices));
  const partial = Math.max(0, ...[...tiles].map(([part, tile]) => partialElements(tile, part.results)), ...parts.flat().map((part) => (part.kind === 'means' ? meanElements(rows, part.means.length) : 0)));
  const residents = new Map<string, { readonly slots: 1 | 2; readonly stride: number }>();
  let left = room - partial;
  const staged = Math.min(stagedAtMost, Math.max(0, ...[...tiles.keys()].map(({ vectors }) => vectors)));
  const isOut = (): boolean => wishes.some(({ key, isOperand }) => isOperand && !residents.has(key));
  let needsStage = wishes.filter(({ isOperand }) => isOperand).reduce((sum, { slots, stride }) => sum + slots * stride * rows, 0) > left;
  if (needsStage) left -= staged * 4 * rows;
  for (const { key, slots, stride } of wishes) {
    if (slots * stride * rows > left) continue;
    residents.set(key, { slots, stride });
    left -= slots * stride * rows;
  }
  needsStage = isOut();
  if (left < 0) return undefined;
  return { rows, threads: used, residents, tiles, partial, stagedVectors: staged, bytes: (room - left) * 4, complete: !needsStage };
}

/** Everything that stays inside of the loop, what products read first. */
function wishesOf({ step }: ScanKernel, plan: Plan, parts: readonly (readonly Part[])[], lanes: 0 | 4 | 8): Wish[] {
  const wish = (place: Pick<Target, 'kind' | 'index'>, width: number, slots: 1 | 2): Wish => wishOf(place, width, slots, operands, lanes);
  const isRegister = (place: Target): boolean => parts.some((stage) => stage.some((part) => part.kind === 'tile' && isUnkept(part, place)));
  const operands = new Set(plan.loop.flatMap(({ products }) => products.map(({ operand }) => residentKey(operand))));
  const targets = plan.loop.flatMap(({ products, means, maps }) => [...products, ...means, ...maps.flatMap(({ writes }) => writes)].map(({ target }) => target));
  const written = new Set(targets.filter((target) => !isRegister(target)).map(residentKey));
  const states = step.states.map(({ width }, index): Wish => wish({ kind: 'state', index }, width, isInPlace(plan, index, width) ? 1 : 2));
  const buffers = plan.buffers.flatMap(({ span, width }, index): Wish[] => {
    const own = { kind: 'scratch', index } as const;
    // Over all time there is a buffer anyway; a copy pays where products read it.
    return written.has(residentKey(own)) && (span === 'step' || operands.has(residentKey(own))) ? [wish(own, width, 1)] : [];
  });
  const all = [...states, ...buffers];
  return [...all.filter(({ isOperand }) => isOperand), ...all.filter(({ isOperand }) => !isOperand)];
}

// Whole vectors for products: what fills them up stays zero, as workgroup memory is in the beginning.
function wishOf(place: Pick<Target, 'kind' | 'index'>, width: number, slots: 1 | 2, operands: ReadonlySet<string>, lanes: 0 | 4 | 8): Wish {
  const key = residentKey(place);
  const isOperand = operands.has(key);
  return { key, slots, stride: isOperand ? paddedTo(width, lanes) : width, isOperand };
}

/**
 * Whether a state's next value can take the place of the one before: nobody else reads that one by then, since only maps do, at their
 * own channel, and none after the one that writes.
 */
function isInPlace({ loop }: Plan, index: number, width: number): boolean {
  const isState = ({ kind, index: own }: Place): boolean => kind === 'state' && own === index;
  const writer = loop.findIndex(({ maps }) => maps.some(({ writes }) => writes.some(({ target }) => target.kind === 'next' && target.index === index)));
  return loop.every(({ products, means, maps }, stage) => {
    if ([...products, ...means].some(({ operand }) => isState(operand))) return false;
    return maps.every((map) => {
      if (![...map.leaves.values()].some(isState)) return true;
      return map.width === width && (stage < writer || (stage === writer && map.writes.some(({ target }) => target.kind === 'next' && target.index === index)));
    });
  });
}
