import type { Backend, Kernel, KernelKind } from '@unroll/tensor/backend';
import type { WebGpuError } from './errors.ts';
import type { WeightFormat } from './program.ts';

/** How the backend uses its device. */
export interface BackendOptions {
  /** Bytes that its buffers may have together; all that the device gives unless told otherwise. */
  readonly memoryLimit?: number;
  /**
   * float16: recurrences round their weights to half of the bits, which are read twice as fast. Sums, states and gradients
   * stay float32, and so do parameters. Weights beyond ±65504 become that. Default float32.
   */
  readonly weights?: WeightFormat;
  /** Measures, beside the first steps, which way of running large kernels is the fastest. So it is unless the device is a processor. */
  readonly tune?: boolean;
  /** What `tuned()` of this device gave at another time. */
  readonly tuned?: Readonly<Record<string, string>>;
  /** Compiled shaders that are kept; of more, those that were not used for the longest time are compiled anew. Default 1024. */
  readonly pipelineLimit?: number;
  /** For tests and measurements: the way in which kernels of a kind are run, by its name. */
  readonly variants?: Partial<Record<KernelKind, string>>;
}

/** What a backend has done since it was made, and what it holds. */
export interface Statistics {
  /** Compute shaders that were started, and command buffers that were handed to the queue. */
  readonly dispatches: number;
  readonly submits: number;
  /** Buffers that were created, of every kind, and those of tensors that exist, in use or free. */
  readonly buffersCreated: number;
  readonly buffers: number;
  readonly pipelinesCreated: number;
  readonly bindGroupsCreated: number;
  /** Tensors that came from the host, and went there. */
  readonly writes: number;
  readonly reads: number;
  /** Bytes of buffers of tensors that exist, and bytes of live tensors. */
  readonly reserved: number;
  readonly used: number;
}

/** A backend on a GPU. Commands are recorded and handed to the GPU together, at the next `read`, or when there are many. */
export interface WebGpuBackend extends Backend {
  readonly name: 'webgpu';
  readonly device: GPUDevice;
  /** Compiles what kernels need, off this thread, so that nothing waits for it later. Rejects with what a device says against the code. */
  compile(kernels: readonly Kernel[]): Promise<void>;
  /** Hands everything recorded to the GPU, without waiting for it. */
  flush(): void;
  /**
   * Runs everything recorded: first waits until its shaders are compiled, off this thread; resolved when the GPU is done. So a page warms
   * up: it lets a model run once on zeros, and waits here. Rejects with the first thing that went wrong since the last call.
   */
  finish(): Promise<void>;
  /** Gives free buffers back to the system; the number of bytes. */
  trim(): number;
  statistics(): Statistics;
  /** What was measured of this device, to be kept and given to `webgpu` as `tuned` at another time. */
  tuned(): Readonly<Record<string, string>>;
  /** Resolved with the reason when the device is gone, and with it all that was on it. */
  readonly lost: Promise<WebGpuError>;
  /** Ends the use of the device. What is still to be read is rejected. */
  destroy(): void;
}
