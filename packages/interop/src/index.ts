export { gateOrders, type ExchangedCell, type ForeignFormat } from './layouts.ts';
export { recurrentParameterNames, type RecurrentParameterOptions } from './pytorch.ts';
export {
  readSafetensors,
  SafetensorsError,
  toFloat32Array,
  toFloat64Array,
  toInt32Array,
  writeSafetensors,
  type RawTensor,
  type SafetensorsDType,
  type SafetensorsErrorCode,
  type SafetensorsFile,
  type TypedTensor,
} from './safetensors/index.ts';
