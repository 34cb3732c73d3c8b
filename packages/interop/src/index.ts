export { fromKeras, toKeras, type KerasWeights } from './keras.ts';
export { gateOrders, type ExchangedCell, type ForeignFormat, type GateOrders } from './layouts.ts';
export { ExchangeError, type EmbeddingLayer, type ExchangedLayer, type ExchangedNetwork, type ExchangedTensor, type LinearLayer, type RecurrentLayer } from './network.ts';
export { readOnnx, type OnnxFile } from './onnx/read.ts';
export { writeOnnx, type OnnxOptions } from './onnx/write.ts';
export { namedParameters, pytorchScript } from './python.ts';
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
