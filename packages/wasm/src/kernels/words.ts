import type { FunctionBuilder, Local } from '../assembler.ts';
import { storeSome } from './store.ts';

/** From so many words on, the engine's own copy is quicker than a loop. */
const longCopy = 512;

/** Runs over `count` elements of 32 bits: `body` for four at a time, then for the 1 to 3 left over, each time with how many. */
function emitWords(f: FunctionBuilder, pointers: readonly Local[], count: Local, body: (some: Local | undefined) => void): void {
  const left = f.local('i32');
  f.get(count).set(left);
  f.block(() => f.loop(() => {
    f.get(left).i32(4).op('i32.lt_u').brIf(1);
    body(undefined);
    for (const pointer of pointers) f.get(pointer).i32(16).op('i32.add').set(pointer);
    f.get(left).i32(4).op('i32.sub').set(left).br(0);
  }));
  f.get(left).if(() => {
    body(left);
    for (const pointer of pointers) f.get(pointer).get(left).i32(2).op('i32.shl').op('i32.add').set(pointer);
  });
}

function emitStore(f: FunctionBuilder, target: Local, value: Local, some: Local | undefined): void {
  if (some === undefined) f.get(target).get(value).memory('v128.store');
  else storeSome(f, target, value, some);
}

/** Copies `count` elements; `source` and `target` end up behind them. */
export function emitCopyWords(f: FunctionBuilder, source: Local, target: Local, count: Local): void {
  const x = f.local('v128');
  f.get(count).i32(longCopy).op('i32.lt_u').if(() => {
    emitWords(f, [source, target], count, (some) => {
      f.get(source).memory('v128.load').set(x);
      emitStore(f, target, x, some);
    });
  }, () => {
    f.get(target).get(source).get(count).i32(2).op('i32.shl').memoryCopy();
    for (const pointer of [source, target]) f.get(pointer).get(count).i32(2).op('i32.shl').op('i32.add').set(pointer);
  });
}

/** Adds `count` elements to those at `target`; both pointers end up behind them. */
export function emitAddWords(f: FunctionBuilder, add: 'f32x4.add' | 'i32x4.add', source: Local, target: Local, count: Local): void {
  const sum = f.local('v128');
  emitWords(f, [source, target], count, (some) => {
    f.get(target).memory('v128.load').get(source).memory('v128.load').op(add).set(sum);
    emitStore(f, target, sum, some);
  });
}

/** Sets `count` elements to zero; `target` ends up behind them. */
export function emitClearWords(f: FunctionBuilder, target: Local, count: Local): void {
  f.get(target).i32(0).get(count).i32(2).op('i32.shl').memoryFill();
  f.get(target).get(count).i32(2).op('i32.shl').op('i32.add').set(target);
}
