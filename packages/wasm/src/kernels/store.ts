import type { FunctionBuilder, Local } from '../assembler.ts';

/** Stores the first `count` lanes of a vector, 1 to 4. */
export function storeSome(f: FunctionBuilder, pointer: Local, value: Local, count: Local): void {
  f.get(count).i32(4).op('i32.eq').if(() => f.get(pointer).get(value).memory('v128.store'), () => {
    f.get(pointer).get(value).storeLane32(0);
    for (const lane of [1, 2]) f.get(count).i32(lane).op('i32.gt_u').if(() => f.get(pointer).get(value).storeLane32(lane, lane * 4));
  });
}
