import { arange, cast, less, mul, notEqual, permute, reshape, Tensor, tensor, unsqueeze, type DType } from '@unroll/tensor';
import { check, shapeText } from './errors.ts';

/** Steps of each row: B whole numbers from 1 to T, or an int32 tensor (B), whose values nobody checks: 0 means no step, more than T all of them. */
export type Lengths = ArrayLike<number> | Tensor;
/** Which steps count, as nested arrays or a tensor of any type: not false, not 0. */
export type Mask = Tensor | readonly Flag[] | readonly (readonly Flag[])[];
type Flag = boolean | number;

/** The sequence that lengths and masks are about. */
export interface MaskedSequence {
  /** Of the layer, for errors. */
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly dtype: DType;
  /** `time`: masks are (T, B); `batch`: (B, T); `single`: (T). */
  readonly layout: 'time' | 'batch' | 'single';
}

/**
 * Lengths and mask as one mask for all scans of a forward pass, (T, B) of zeros and ones; undefined where everything counts.
 *
 * @throws LayerError `argument` for lengths that are not whole numbers from 1 to T, `shape` or `dtype` for what does not fit the input
 */
export function maskOf({ lengths, mask }: { readonly lengths?: Lengths; readonly mask?: Mask }, sequence: MaskedSequence): Tensor | undefined {
  const parts = [...(lengths === undefined ? [] : [ofLengths(lengths, sequence)]), ...(mask === undefined ? [] : [ofMask(mask, sequence)])];
  const [host, device] = [parts.filter((part) => part instanceof Float32Array), parts.filter((part) => part instanceof Tensor)];
  const [first, second] = [...host.flatMap((data) => uploaded(data, sequence)), ...device];
  return first === undefined || second === undefined ? first : mul(first, second);
}

// Private: each part is (T, B), on the host or as a tensor.

type Part = Float32Array | Tensor;

function uploaded(data: Float32Array, { steps, batch, dtype }: MaskedSequence): Tensor[] {
  return data.every((value) => value === 1) ? [] : [tensor(data, { shape: [steps, batch], dtype })];
}

function ofLengths(lengths: Lengths, sequence: MaskedSequence): Part {
  if (lengths instanceof Tensor) return ofLengthTensor(lengths, sequence);
  const { name, steps, batch } = sequence;
  check(lengths.length === batch, 'argument', () => `${name}: lengths must have one number for each of the ${batch} rows, got ${lengths.length}.`);
  for (let row = 0; row < batch; row++) {
    const length = lengths[row] as number;
    check(Number.isInteger(length) && length >= 1 && length <= steps, 'argument',
      () => `${name}: lengths must be whole numbers from 1 to T = ${steps}, got ${length} for row ${row}; leave out rows without a step, or give a mask.`);
  }
  return Float32Array.from({ length: steps * batch }, (_, place) => (Math.floor(place / batch) < (lengths[place % batch] as number) ? 1 : 0));
}

// 1 where t < length
function ofLengthTensor(lengths: Tensor, { name, steps, batch, dtype }: MaskedSequence): Part {
  check(lengths.dtype === 'int32', 'dtype', () => `${name}: a tensor of lengths must be int32, got ${lengths.dtype}; convert it with cast(lengths, 'int32').`);
  check(lengths.rank === 1 && lengths.size === batch, 'argument', () => `${name}: lengths must have one number for each of the ${batch} rows, got shape ${shapeText(lengths.shape)}.`);
  const times = reshape(arange(steps, { dtype: 'int32' }), [steps, 1]);
  return cast(less(times, unsqueeze(lengths, 0)), dtype);
}

function ofMask(mask: Mask, sequence: MaskedSequence): Part {
  const { name, steps, batch, layout } = sequence;
  const wanted = { time: [steps, batch], batch: [batch, steps], single: [steps] }[layout];
  const shape = mask instanceof Tensor ? mask.shape : nestedShape(mask);
  check(shapeText(shape) === shapeText(wanted), 'shape', () => `${name}: mask must be ${{ time: '(T, B)', batch: '(B, T)', single: '(T)' }[layout]} = ${shapeText(wanted)}, got ${shapeText(shape)}.`);
  return mask instanceof Tensor ? ofMaskTensor(mask, sequence) : ofFlags(mask.flat(), sequence);
}

function ofMaskTensor(mask: Tensor, { steps, batch, dtype, layout }: MaskedSequence): Tensor {
  const timeFirst = layout === 'batch' ? permute(mask, [1, 0]) : reshape(mask, [steps, batch]);
  return cast(notEqual(timeFirst, 0), dtype);
}

function ofFlags(flags: readonly Flag[], { steps, batch, layout }: MaskedSequence): Float32Array {
  const placeOf = (place: number): number => (layout === 'batch' ? (place % batch) * steps + Math.floor(place / batch) : place);
  return Float32Array.from(flags, (_, place) => (Number(flags[placeOf(place)]) === 0 ? 0 : 1));
}

// For comparison and for errors; an axis whose rows are not equally long is "1 to 3".
function nestedShape(mask: readonly Flag[] | readonly (readonly Flag[])[]): (number | string)[] {
  const lengths = mask.map((row) => (Array.isArray(row) ? row.length : 0));
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  return [mask.length, ...(most === 0 ? [] : [least === most ? most : `${least} to ${most}`])];
}
