export type { Backend, Buffer, DirectAccess, HostData } from './backend.ts';
export { Cache } from './cache.ts';
export { bytesPerElement, hostArray, promote, type ArrayOf, type DType, type HostArray } from './dtype.ts';
export { check, TensorError, type TensorErrorCode } from './errors.ts';
export {
  kernelKey, type CopyKernel, type CopyPart, type Distribution, type GatherKernel, type Kernel, type KernelKind, type MapKernel, type MatMulKernel, type RandomKernel,
  type ReduceKernel, type ReduceOp, type ScanKernel, type ScatterKernel, type Shape, type Signature,
} from './kernel.ts';
export { inputsOf, outputsOf, referenceKernel } from './kernels/index.ts';
export { inputName } from './kernels/map.ts';
export { fillRandom, fillStepRandom, type StepRandom } from './kernels/random.ts';
export { philox } from './philox.ts';
export { shapeText, sizeOf, stridesOf } from './shape.ts';
export { alias, recording, run, type Recorder } from './run.ts';
