/** Element types: float32 and int32 on every backend, float64 on the reference backend. */
export type DType = 'float32' | 'int32' | 'float64';

/** The array that holds elements of a type on the host. */
export interface ArrayOf {
  readonly float32: Float32Array<ArrayBuffer>;
  readonly int32: Int32Array<ArrayBuffer>;
  readonly float64: Float64Array<ArrayBuffer>;
}
export type HostArray = ArrayOf[DType];

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, float64: 8 };

const makers: { readonly [T in DType]: (length: number) => ArrayOf[T] } = {
  float32: (length) => new Float32Array(length),
  int32: (length) => new Int32Array(length),
  float64: (length) => new Float64Array(length),
};

/** A host array of zeros. */
export function hostArray<T extends DType>(dtype: T, length: number): ArrayOf[T] {
  return makers[dtype](length);
}

/** The type in which values of these types meet: float64 over float32 over int32. */
export function promote(...dtypes: readonly DType[]): DType {
  if (dtypes.includes('float64')) return 'float64';
  return dtypes.includes('float32') ? 'float32' : 'int32';
}
