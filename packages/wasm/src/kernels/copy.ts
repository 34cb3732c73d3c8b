import { sizeOf, type CopyKernel, type CopyPart } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local, ModuleBuilder } from '../assembler.ts';
import { lanes } from '../lanes.ts';
import type { Compile, Exported } from './compile.ts';
import { emitClearWords, emitCopyWords } from './words.ts';

/** Strided blocks from one place to another. One module serves all shapes; what it is called with is worked out here. */
export const compileCopy: Compile<CopyKernel> = ({ shape, parts }, machine) => {
  const functions = machine.shared('copy', () => machine.exports(emitCopies) as Readonly<Record<CopyFunction, Exported>>);
  const pieces = parts.flatMap(piecesOf);
  const [size, covered] = [sizeOf(shape), parts.reduce((sum, part) => sum + sizeOf(part.shape), 0)];
  return (inputs, [target = 0]) => {
    if (covered < size) functions.clear(target, size);
    for (const { name, input, from, to, axes } of pieces) callOver(functions[name], axes, (inputs[input] ?? 0) + from, target + to);
  };
};

type CopyFunction = 'clear' | 'runs' | 'elements' | 'transpose';
/** One axis of a block: its length, and the bytes between neighbours on either side. */
interface Axis { readonly length: number; readonly from: number; readonly to: number }
/** A block that one function copies, `from` and `to` in bytes. The function takes the last three axes; others are walked here. */
interface Piece {
  readonly name: Exclude<CopyFunction, 'clear'>;
  readonly input: number;
  readonly from: number;
  readonly to: number;
  readonly axes: readonly Axis[];
}

const bytes = 4;
const single: Axis = { length: 1, from: 0, to: 0 };

function piecesOf(part: CopyPart): Piece[] {
  if (sizeOf(part.shape) === 0) return [];
  const all = part.shape.map((length, k): Axis => ({ length, from: (part.fromStrides[k] ?? 0) * bytes, to: (part.toStrides[k] ?? 0) * bytes }));
  // Backwards in the target is forwards from its other end.
  const turned = all.filter(({ to }) => to < 0);
  const ends = (side: 'from' | 'to'): number => turned.reduce((sum, axis) => sum + (axis.length - 1) * axis[side], part[side] * bytes);
  const axes = merged(all.map((axis) => (axis.to < 0 ? { length: axis.length, from: -axis.from, to: -axis.to } : axis)));
  return classified({ input: part.input, from: ends('from'), to: ends('to') }, axes);
}

/** Outermost first by their distance in the target; axes that continue each other on both sides are one. */
function merged(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes.filter(({ length }) => length > 1).sort((a, b) => b.to - a.to)) {
    const outer = result.at(-1);
    if (outer !== undefined && outer.to === axis.to * axis.length && outer.from === axis.from * axis.length) result.splice(-1, 1, { ...axis, length: axis.length * outer.length });
    else result.push(axis);
  }
  return result;
}

function classified(start: Pick<Piece, 'input' | 'from' | 'to'>, axes: readonly Axis[]): Piece[] {
  const last = axes.at(-1) ?? { length: 1, from: bytes, to: bytes };
  const outer = axes.slice(0, -1);
  if (last.to === bytes && last.from === bytes) return [{ ...start, name: 'runs', axes: [...outer, last] }];
  const across = outer.find(({ from }) => from === bytes);
  if (last.to !== bytes || across === undefined) return [{ ...start, name: 'elements', axes }];
  return transposed(start, outer.filter((axis) => axis !== across), across, last);
}

/** Blocks of 4 x 4, and what is left over on two sides. */
function transposed(start: Pick<Piece, 'input' | 'from' | 'to'>, outer: readonly Axis[], across: Axis, along: Axis): Piece[] {
  const [rows, columns] = [across.length - (across.length % 4), along.length - (along.length % 4)];
  const piece = (name: Piece['name'], atRow: number, height: number, atColumn: number, width: number): Piece[] => (height * width === 0 ? [] : [{
    ...start, name,
    from: start.from + atRow * across.from + atColumn * along.from,
    to: start.to + atRow * across.to + atColumn * along.to,
    axes: [...outer, { ...across, length: height }, { ...along, length: width }],
  }]);
  return [
    ...piece('transpose', 0, rows, 0, columns),
    ...piece('elements', 0, rows, columns, along.length - columns),
    ...piece('elements', rows, across.length - rows, 0, along.length),
  ];
}

function callOver(run: Exported, axes: readonly Axis[], from: number, to: number): void {
  const [axis, ...inner] = axes;
  if (axis !== undefined && axes.length > 3) {
    for (let k = 0; k < axis.length; k++) callOver(run, inner, from + k * axis.from, to + k * axis.to);
    return;
  }
  const [a = single, b = single, c = single] = [...Array.from({ length: 3 - axes.length }, () => single), ...axes];
  run(from, to, a.length, a.from, a.to, b.length, b.from, b.to, c.length, c.from, c.to);
}

// Private: the module.

function emitCopies(module: ModuleBuilder): void {
  module.function({ params: ['i32', 'i32'], results: [] }, (f) => emitClearWords(f, f.param(0), f.param(1)), 'clear');
  emitBlock(module, 'runs', 2, (f, { source, target, axes: [, , last] }) => emitCopyWords(f, source, target, last.length));
  emitBlock(module, 'elements', 3, (f, { source, target }) => f.get(target).get(source).memory('i32.load').memory('i32.store'));
  emitBlock(module, 'transpose', 1, emitTranspose);
}

interface AxisLocals { readonly length: Local; readonly from: Local; readonly to: Local }
interface Block { readonly source: Local; readonly target: Local; readonly axes: readonly [AxisLocals, AxisLocals, AxisLocals] }

/** `name(source, target, …length, from, to of three axes)`: walks over the first `walked` of them and runs `body` at each place. */
function emitBlock(module: ModuleBuilder, name: CopyFunction, walked: number, body: (f: FunctionBuilder, block: Block) => void): void {
  module.function({ params: Array.from({ length: 11 }, () => 'i32' as const), results: [] }, (f) => {
    const axis = (k: number): AxisLocals => ({ length: f.param(2 + 3 * k), from: f.param(3 + 3 * k), to: f.param(4 + 3 * k) });
    const axes = [axis(0), axis(1), axis(2)] as const;
    walk(f, axes.slice(0, walked), f.param(0), f.param(1), (source, target) => body(f, { source, target, axes }));
  }, name);
}

/** `body` may change the pointers that it is given. */
function walk(f: FunctionBuilder, axes: readonly AxisLocals[], source: Local, target: Local, body: (source: Local, target: Local) => void): void {
  const [axis, ...inner] = axes;
  const [at, from, to] = [f.local('i32'), f.local('i32'), f.local('i32')];
  if (axis === undefined) {
    f.get(source).set(from).get(target).set(to);
    body(from, to);
    return;
  }
  f.i32(0).set(at).get(source).set(from).get(target).set(to);
  f.while(at, axis.length, 1, () => {
    walk(f, inner, from, to, body);
    f.get(from).get(axis.from).op('i32.add').set(from);
    f.get(to).get(axis.to).op('i32.add').set(to);
  });
}

/** Sources of so many rows are read together: as many lines as a set of the cache holds, used up before they are lost. */
const band = 16;

/** Axis 1 is contiguous in the source, axis 2 in the target; both have a multiple of 4 elements. */
function emitTranspose(f: FunctionBuilder, { source, target, axes: [, across, along] }: Block): void {
  const [at, end, from, to] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [row, column, first] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.i32(0).set(first);
  f.while(first, along.length, band, () => {
    f.get(first).i32(band).op('i32.add').tee(end).get(along.length).get(end).get(along.length).op('i32.lt_u').op('select').set(end);
    f.get(source).set(from).get(target).set(to).i32(0).set(at);
    f.while(at, across.length, 4, () => {
      f.get(first).set(column).get(from).set(row);
      f.while(column, end, 4, () => emitBlock4(f, row, along.from, to, across.to, column));
      f.get(from).i32(16).op('i32.add').set(from);
      f.get(to).get(across.to).i32(2).op('i32.shl').op('i32.add').set(to);
    });
    f.get(source).get(along.from).i32(band).op('i32.mul').op('i32.add').set(source);
  });
}

/** Four elements of four rows, from `row` on, become four columns `4 · column` bytes behind `to`; `row` moves on to the next four. */
function emitBlock4(f: FunctionBuilder, row: Local, rowStep: Local, to: Local, toStep: Local, column: Local): void {
  const local = (): Local => f.local('v128');
  const [r0, r1, r2, r3, low01, low23, high01, high23] = [local(), local(), local(), local(), local(), local(), local(), local()];
  const pointer = f.local('i32');
  for (const vector of [r0, r1, r2, r3]) f.get(row).memory('v128.load').set(vector).get(row).get(rowStep).op('i32.add').set(row);
  for (const [a, b, low, high] of [[r0, r1, low01, high01], [r2, r3, low23, high23]] as const) {
    f.get(a).get(b).shuffle(lanes(0, 4, 1, 5)).set(low).get(a).get(b).shuffle(lanes(2, 6, 3, 7)).set(high);
  }
  f.get(column).i32(2).op('i32.shl').get(to).op('i32.add').set(pointer);
  for (const [left, right, order] of [[low01, low23, [0, 1, 4, 5]], [low01, low23, [2, 3, 6, 7]], [high01, high23, [0, 1, 4, 5]], [high01, high23, [2, 3, 6, 7]]] as const) {
    f.get(pointer).get(left).get(right).shuffle(lanes(...order)).memory('v128.store');
    f.get(pointer).get(toStep).op('i32.add').set(pointer);
  }
}
