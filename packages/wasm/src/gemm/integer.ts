import type { FunctionReference, Local, ModuleBuilder } from '../assembler.ts';

const parameters = ['a', 'aRow', 'aStep', 'b', 'bStep', 'bColumn', 'c', 'm', 'n', 'k', 'from'] as const;

/**
 * `integerProduct(a, aRow, aStep, b, bStep, bColumn, c, m, n, k, from)`: C[m, n] = from + A·B over int32, modulo 2³². A(i, κ) lies at
 * a + i·aRow + κ·aStep, B(κ, j) at b + κ·bStep + j·bColumn, C is contiguous, `from` one row of n integers or address 0. Exact, not fast.
 */
export function emitIntegerProduct(module: ModuleBuilder): FunctionReference {
  return module.function({ params: parameters.map(() => 'i32'), results: [] }, (f) => {
    const p = Object.fromEntries(parameters.map((name, index) => [name, f.param(index)])) as Record<(typeof parameters)[number], Local>;
    const [row, column, index, left, right, sum] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const add = (to: Local, step: Local): void => {
      f.get(to).get(step).op('i32.add').set(to);
    };
    f.while(row, p.m, 1, () => {
      f.i32(0).set(column);
      f.while(column, p.n, 1, () => {
        f.i32(0).set(sum).get(p.from).if(() => f.get(p.from).get(column).i32(2).op('i32.shl').op('i32.add').memory('i32.load').set(sum));
        f.get(p.a).set(left).get(p.b).get(column).get(p.bColumn).op('i32.mul').op('i32.add').set(right);
        f.i32(0).set(index);
        f.while(index, p.k, 1, () => {
          f.get(sum).get(left).memory('i32.load').get(right).memory('i32.load').op('i32.mul').op('i32.add').set(sum);
          add(left, p.aStep);
          add(right, p.bStep);
        });
        f.get(p.c).get(sum).memory('i32.store').get(p.c).i32(4).op('i32.add').set(p.c);
      });
      add(p.a, p.aRow);
    });
  });
}
