import type { FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import { advance, emitPanelOperands, type Tiles } from './panels.ts';

const parameters = ['a', 'aRow', 'b', 'bRow', 'c', 'cRow', 'm', 'n', 'k', 'from', 'fromRow'] as const;

/**
 * `direct(a, aRow, b, bRow, c, cRow, m, n, k, from, fromRow)`: C[m, n] = from + A·B, all row-major in place, for products of few
 * rows whose B is used once, where packing costs more than it saves. n is at least `nr`; `from` is as in `panels`, but not C.
 */
export function emitDirect(module: ModuleBuilder, tiles: Tiles): FunctionReference {
  const { mr, nr } = tiles.profile;
  const multiply = emitPanelOperands(module, tiles);
  return module.function({ params: parameters.map(() => 'i32'), results: [] }, (f) => {
    const p = Object.fromEntries(parameters.map((name, index) => [name, f.param(index)])) as Record<(typeof parameters)[number], Local>;
    const back = f.local('i32');
    const call = (count: () => void): void => {
      f.get(p.a).get(p.aRow).get(p.aRow).i32(mr).op('i32.mul').get(p.b).get(p.bRow).i32(nr * 4);
      f.get(p.c).get(p.cRow).get(p.from).get(p.fromRow).get(p.k).get(p.m);
      count();
      f.call(multiply);
    };
    call(() => f.get(p.n).i32(nr).op('i32.div_u'));
    // Columns that do not fill a panel: the last `nr` columns once more, some of them to the same values as before.
    f.get(p.n).i32(nr).op('i32.rem_u').if(() => {
      f.get(p.n).i32(nr).op('i32.sub').i32(4).op('i32.mul').set(back);
      for (const pointer of [p.b, p.c, p.from]) advance(f, pointer, () => f.get(back));
      call(() => f.i32(1));
    });
  });
}
