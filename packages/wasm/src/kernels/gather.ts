import type { DType, GatherKernel, ScatterKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local, ModuleBuilder } from '../assembler.ts';
import type { Compile } from './compile.ts';
import { emitAddWords, emitClearWords, emitCopyWords } from './words.ts';

/** Rows by index. */
export const compileGather: Compile<GatherKernel> = ({ rows, width, count }, machine) => {
  const run = machine.shared('gather', () => machine.function(emitGather));
  return ([table = 0, indices = 0], [target = 0]) => run(table, indices, target, rows, width, count);
};

/** Adds rows at their index, in ascending order. */
export const compileScatter: Compile<ScatterKernel> = ({ dtype, rows, width, count }, machine) => {
  const run = machine.shared(`scatter ${dtype}`, () => machine.function((module, name) => emitScatter(module, dtype, name)));
  return ([indices = 0, values = 0], [target = 0]) => run(indices, values, target, rows, width, count);
};

/** `run(table, indices, target, rows, width, count)` */
function emitGather(module: ModuleBuilder, name: string): void {
  module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => {
    const [table, indices, target, rows, width, count] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4), f.param(5)];
    const source = f.local('i32');
    emitIndexed(f, { indices, rows, count }, (index) => {
      rowAddress(f, table, index, width, source);
      emitCopyWords(f, source, target, width);
    }, () => emitClearWords(f, target, width));
  }, name);
}

/** `run(indices, values, target, rows, width, count)` */
function emitScatter(module: ModuleBuilder, dtype: DType, name: string): void {
  module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => {
    const [indices, values, target, rows, width, count] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4), f.param(5)];
    const sum = f.local('i32');
    f.get(target).i32(0).get(rows).get(width).op('i32.mul').i32(2).op('i32.shl').memoryFill();
    emitIndexed(f, { indices, rows, count }, (index) => {
      rowAddress(f, target, index, width, sum);
      emitAddWords(f, dtype === 'int32' ? 'i32x4.add' : 'f32x4.add', values, sum, width);
    }, () => f.get(values).get(width).i32(2).op('i32.shl').op('i32.add').set(values));
  }, name);
}

/** For each index: `inside` where it is one of a row, else `outside`. */
function emitIndexed(f: FunctionBuilder, { indices, rows, count }: Readonly<Record<'indices' | 'rows' | 'count', Local>>, inside: (index: Local) => void, outside: () => void): void {
  const [at, index] = [f.local('i32'), f.local('i32')];
  f.while(at, count, 1, () => {
    // Negative indices are large unsigned ones.
    f.get(indices).memory('i32.load').tee(index).get(rows).op('i32.lt_u').if(() => inside(index), outside);
    f.get(indices).i32(4).op('i32.add').set(indices);
  });
}

function rowAddress(f: FunctionBuilder, first: Local, index: Local, width: Local, to: Local): void {
  f.get(index).get(width).op('i32.mul').i32(2).op('i32.shl').get(first).op('i32.add').set(to);
}
