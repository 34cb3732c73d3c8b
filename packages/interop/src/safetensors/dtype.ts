import { describeTensor, SafetensorsError } from './error.ts';

/** Every dtype of the format. `F8_*`, `F6_*` and `F4` are carried as bytes but not converted. */
export type SafetensorsDType =
  | 'BOOL' | 'F4' | 'F6_E2M3' | 'F6_E3M2' | 'U8' | 'I8'
  | 'F8_E5M2' | 'F8_E4M3' | 'F8_E8M0' | 'F8_E4M3FNUZ' | 'F8_E5M2FNUZ'
  | 'I16' | 'U16' | 'F16' | 'BF16' | 'I32' | 'U32' | 'F32' | 'C64' | 'F64' | 'I64' | 'U64';

/** A tensor as it lies in a file: little endian, C order. */
export interface RawTensor {
  readonly dtype: SafetensorsDType;
  /** Lengths of the axes; `[]` is one element, and a 0 among them is none. */
  readonly shape: readonly number[];
  /** A view into the bytes of the file, which need not be aligned to the element size. */
  readonly data: Uint8Array;
}

/** Bits of one element. The order of the rows is the format's own, in which the writer sorts (last row first). */
export const BITS: Readonly<Record<SafetensorsDType, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

export function isDType(text: string): text is SafetensorsDType {
  return Object.hasOwn(BITS, text);
}

/** Product of the shape, refused where a number cannot hold it exactly. */
export function elementCount(shape: readonly number[], name: string | undefined): number {
  let count = 1;
  for (const length of shape) {
    count *= length;
    if (count > Number.MAX_SAFE_INTEGER) throw overflow(shape, name);
  }
  return count;
}

/** Bytes of a tensor: product(shape) x bits / 8, exactly. */
export function byteLength(dtype: SafetensorsDType, shape: readonly number[], name: string | undefined): number {
  const bits = elementCount(shape, name) * BITS[dtype];
  if (bits > Number.MAX_SAFE_INTEGER) throw overflow(shape, name);
  if (bits % 8 !== 0) {
    throw new SafetensorsError(
      'MisalignedSlice',
      `${describeTensor(name)} of dtype ${dtype} and shape ${showShape(shape)} has ${bits} bits, which is not a whole number of bytes`,
    );
  }
  return bits / 8;
}

const LONGEST_SHAPE = 8;

export function showShape(shape: readonly number[]): string {
  const more = shape.length > LONGEST_SHAPE ? ', …' : '';
  return `[${shape.slice(0, LONGEST_SHAPE).join(', ')}${more}]`;
}

function overflow(shape: readonly number[], name: string | undefined): SafetensorsError {
  return new SafetensorsError(
    'ValidationOverflow',
    `${describeTensor(name)} has shape ${showShape(shape)}, whose size is beyond 2^53 - 1 bits`,
  );
}
