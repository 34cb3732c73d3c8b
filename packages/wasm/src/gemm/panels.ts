import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import type { Profile } from '../profile.ts';
import { emitTile, type Access } from './tile.ts';

/** Tile functions by height − 1 and panels − 1. */
export interface Tiles {
  readonly profile: Profile;
  readonly functions: readonly (readonly FunctionReference[])[];
}

/** All tile shapes that a product over any number of rows and panels needs; `aStride` as in `TileShape`. */
export function emitTiles(module: ModuleBuilder, profile: Profile, access: Access, aStride?: number): Tiles {
  const widths = (panels: number, rows: number): FunctionReference[] =>
    Array.from({ length: panels }, (_, index) => emitTile(module, profile, { rows, panels: index + 1, access, aStride }));
  return { profile, functions: profile.panels.map((panels, index) => widths(panels, index + 1)) };
}

/** The operands of a product over whole panels; parameters of a tile of the same names mean the same. */
export interface PanelOperands {
  readonly a: Local;
  readonly aStride: Local;
  readonly aTile: Local;
  readonly b: Local;
  readonly bStep: Local;
  readonly bPanel: Local;
  readonly c: Local;
  readonly cRow: Local;
  readonly from: Local;
  readonly fromRow: Local;
  readonly k: Local;
  /** Rows, at least 0. */
  readonly m: Local;
  /** Panels, at least 0. */
  readonly count: Local;
}

/**
 * `panels(a, aRow, b, c, cRow, m, k, count, from, fromRow)`: C[m, count·nr] = from + A·B over consecutive packed panels, A row-major
 * in place. `from`: a matrix with row distance `fromRow` (0: one row, a bias; C itself: accumulate), or address 0 for zero.
 */
export function emitPanels(module: ModuleBuilder, tiles: Tiles): FunctionReference {
  return module.function({ params: Array.from({ length: 10 }, () => 'i32'), results: [] }, (f) => {
    const [a, aStride, b, c, cRow, m, k, count, from, fromRow] = Array.from({ length: 10 }, (_, index) => f.param(index)) as TenLocals;
    const [aTile, bStep, bPanel] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const { mr, nr } = tiles.profile;
    f.get(aStride).i32(mr).op('i32.mul').set(aTile);
    f.i32(nr * 4).set(bStep).get(k).get(bStep).op('i32.mul').set(bPanel);
    writePanels(f, tiles, { a, aStride, aTile, b, bStep, bPanel, c, cRow, from, fromRow, k, m, count });
  });
}
type TenLocals = [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];

const operandOrder = ['a', 'aStride', 'aTile', 'b', 'bStep', 'bPanel', 'c', 'cRow', 'from', 'fromRow', 'k', 'm', 'count'] as const satisfies readonly (keyof PanelOperands)[];

/** The general form: a function whose parameters are those of `PanelOperands`, in that order. */
export function emitPanelOperands(module: ModuleBuilder, tiles: Tiles): FunctionReference {
  return module.function({ params: operandOrder.map(() => 'i32'), results: [] }, (f) => {
    writePanels(f, tiles, Object.fromEntries(operandOrder.map((name, index) => [name, f.param(index)])) as unknown as PanelOperands);
  });
}

/** Full tiles first, then the rows left over as one lower tile. Changes the operands' locals. */
function writePanels(f: FunctionBuilder, tiles: Tiles, operands: PanelOperands): void {
  const { a, aTile, c, cRow, from, fromRow, m } = operands;
  const { mr } = tiles.profile;
  const [full, one, rest] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.get(m).i32(mr).op('i32.div_u').tee(full).if(() => writeTiles(f, tiles, operands, mr, full));
  f.get(m).get(full).i32(mr).op('i32.mul').op('i32.sub').tee(rest).if(() => {
    f.i32(1).set(one);
    f.get(a).get(full).get(aTile).op('i32.mul').op('i32.add').set(a);
    f.get(full).i32(mr).op('i32.mul').set(full);
    f.get(c).get(full).get(cRow).op('i32.mul').op('i32.add').set(c);
    advance(f, from, () => f.get(full).get(fromRow).op('i32.mul'));
    for (let rows = 1; rows < mr; rows++) f.get(rest).i32(rows).op('i32.eq').if(() => writeTiles(f, tiles, operands, rows, one));
  });
}

/** `count` panels in groups as wide as tiles of this height are, then those left over as one narrower group. */
function writeTiles(f: FunctionBuilder, { profile, functions }: Tiles, operands: PanelOperands, rows: number, down: Local): void {
  const widest = functions[rows - 1]?.length ?? 1;
  const [groups, left] = [f.local('i32'), f.local('i32')];
  const call = (panels: number, across: () => void): void => {
    for (const name of operandOrder) if (name !== 'm' && name !== 'count') f.get(operands[name]);
    f.get(down);
    across();
    f.call(functions[rows - 1]?.[panels - 1] as FunctionReference);
  };
  if (widest === 1) {
    call(1, () => f.get(operands.count));
    return;
  }
  f.get(operands.count).i32(widest).op('i32.div_u').tee(groups).if(() => call(widest, () => f.get(groups)));
  f.get(groups).i32(widest).op('i32.mul').set(groups);
  f.get(operands.count).get(groups).op('i32.sub').tee(left).if(() => {
    const { b, bPanel, c, from } = operands;
    f.get(b).get(groups).get(bPanel).op('i32.mul').op('i32.add').set(b);
    f.get(c).get(groups).i32(profile.nr * 4).op('i32.mul').op('i32.add').set(c);
    advance(f, from, () => f.get(groups).i32(profile.nr * 4).op('i32.mul'));
    for (let panels = 1; panels < widest; panels++) f.get(left).i32(panels).op('i32.eq').if(() => call(panels, () => f.i32(1)));
  });
}

/** `address += bytes`, unless it is 0, which means that there is nothing to read. */
export function advance(f: FunctionBuilder, address: Local, bytes: () => void): void {
  f.get(address);
  bytes();
  f.op('i32.add').i32(0).get(address).op('select').set(address);
}
