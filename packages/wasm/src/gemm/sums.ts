import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';

/**
 * `columnSums(a, aRow, m, n, to, from)`: to[n] = from + the sum of the m rows of A[m, n], in ascending order.
 * `from`: n floats (`to` itself: accumulate), or address 0 for zero.
 */
export function emitColumnSums(module: ModuleBuilder): FunctionReference {
  return module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => {
    const [n, at, end] = [f.param(3), f.local('i32'), f.local('i32')];
    // Strips of eight vectors, then of one, then single columns.
    for (const strip of strips) {
      f.get(n).get(n).i32(strip.columns).op('i32.rem_u').op('i32.sub').set(end);
      f.while(at, end, strip.columns, () => writeStrip(f, strip, at));
    }
  });
}

interface Strip { readonly columns: number; readonly lanes: 1 | 4 }
const strips: readonly Strip[] = [{ columns: 32, lanes: 4 }, { columns: 4, lanes: 4 }, { columns: 1, lanes: 1 }];

function writeStrip(f: FunctionBuilder, { columns, lanes }: Strip, at: Local): void {
  const [a, aRow, m, to, from] = [f.param(0), f.param(1), f.param(2), f.param(4), f.param(5)];
  const [pointer, row, offset] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const sums = Array.from({ length: columns / lanes }, () => f.local(lanes === 4 ? 'v128' : 'f32'));
  const [load, store, add] = lanes === 4 ? (['v128.load', 'v128.store', 'f32x4.add'] as const) : (['f32.load', 'f32.store', 'f32.add'] as const);
  f.get(at).i32(4).op('i32.mul').set(offset);
  f.get(from).if(
    () => sums.forEach((sum, index) => f.get(from).get(offset).op('i32.add').memory(load, index * lanes * 4).set(sum)),
    () => {
      for (const sum of sums) {
        if (lanes === 4) f.i32x4(0);
        else f.f32(0);
        f.set(sum);
      }
    },
  );
  f.get(a).get(offset).op('i32.add').set(pointer).i32(0).set(row);
  f.while(row, m, 1, () => {
    sums.forEach((sum, index) => f.get(sum).get(pointer).memory(load, index * lanes * 4).op(add).set(sum));
    f.get(pointer).get(aRow).op('i32.add').set(pointer);
  });
  sums.forEach((sum, index) => f.get(to).get(offset).op('i32.add').get(sum).memory(store, index * lanes * 4));
}
