export type { Backend, Buffer, DirectAccess, HostData } from './backend.ts';
export { capture, Captured, type CaptureOptions, type InputSpec, type Produced, type TensorsOf } from './capture.ts';
export { compile } from './compile.ts';
export { reference } from './backends/reference.ts';
export { bytesPerElement, type ArrayOf, type DType, type HostArray } from './dtype.ts';
export { TensorError, type TensorErrorCode } from './errors.ts';
export { defaultGenerator, Generator, manualSeed, type GeneratorState } from './generator.ts';
export {
  kernelKey, type CopyKernel, type CopyPart, type Distribution, type GatherKernel, type Kernel, type KernelKind, type MapKernel, type MatMulKernel, type RandomKernel,
  type ReduceKernel, type ReduceOp, type ScanKernel, type ScatterKernel, type Shape, type Signature,
} from './kernel.ts';
export { keep, memory, peakBytes, resetPeakBytes, scope, Storage, type MemoryUse, type Owned } from './memory.ts';
export { arange, full, ones, onesLike, tensor, to, zeros, zerosLike, type NestedNumbers, type TensorData, type TypeOptions } from './ops/create.ts';
export {
  abs, add, broadcastTo, cast, clip, div, equal, exp, floor, greater, greaterEqual, less, lessEqual, log, map, maximum, minimum, mul, neg, notEqual, relu, sigmoid, softplus,
  sqrt, square, sub, tanh, where,
} from './ops/elementwise.ts';
export { linear, matmul, type MatMulOptions } from './ops/matmul.ts';
export { concat, flatten, flip, narrow, pad, permute, reshape, slice, split, squeeze, stack, transpose, unsqueeze } from './ops/move.ts';
export type { Operand } from './ops/operand.ts';
export { embedding, gather, indexSelect, oneHot } from './ops/pick.ts';
export { bernoulli, normal, uniform, type RandomOptions } from './ops/random.ts';
export { argmax, logSoftmax, logSumExp, max, mean, min, softmax, sum, type AxisOptions, type ReduceOptions } from './ops/reduce.ts';
export { scan, type ScanInputs, type ScanResult } from './ops/scan.ts';
export { alias, recording, run, type Recorder } from './run.ts';
export { Tensor } from './tensor.ts';
export { currentBackend, use } from './use.ts';
