export { toFloat32Array, toFloat64Array, toInt32Array } from './convert.ts';
export type { RawTensor, SafetensorsDType } from './dtype.ts';
export { SafetensorsError, type SafetensorsErrorCode } from './error.ts';
export { readSafetensors, type SafetensorsFile } from './read.ts';
export { writeSafetensors, type TypedTensor } from './write.ts';
