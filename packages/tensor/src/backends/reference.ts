import type { Backend, Buffer, HostData } from '../backend.ts';
import { bytesPerElement, type DType } from '../dtype.ts';
import { TensorError } from '../errors.ts';
import { inputsOf, outputsOf, referenceKernel } from '../kernels/index.ts';

/**
 * Every kernel by its definition, in plain JavaScript and float64 arithmetic, for all three element types. Slow, and what the other
 * backends are compared with; runs wherever JavaScript does.
 */
export function reference(): Backend {
  let used = 0;
  const dispatch: Backend['dispatch'] = (kernel, inputs, outputs) => {
    const from = inputsOf(kernel).map(({ dtype }, k) => view(inputs[k], dtype));
    const to = outputsOf(kernel).map(({ dtype }, k) => view(outputs[k], dtype));
    referenceKernel(kernel, from, to);
  };
  return {
    name: 'reference',
    supports: () => true,
    allocate(bytes) {
      const buffer = new ReferenceBuffer(bytes);
      used += bytes;
      return buffer;
    },
    free(buffer) {
      memoryOf(buffer).memory = undefined;
      used -= buffer.bytes;
    },
    write(buffer, data) {
      new Uint8Array(view(buffer, 'int32').buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    },
    async read(buffer, dtype) {
      return view(buffer, dtype).slice();
    },
    dispatch,
    memory: () => ({ reserved: used, used }),
    direct: { bind: (kernel, inputs, outputs) => () => dispatch(kernel, inputs, outputs), view },
  };
}

class ReferenceBuffer implements Buffer {
  readonly bytes: number;
  memory: ArrayBuffer | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.memory = reserve(bytes);
  }
}

const views: { readonly [T in DType]: (memory: ArrayBuffer, length: number) => HostData } = {
  float32: (memory, length) => new Float32Array(memory, 0, length),
  int32: (memory, length) => new Int32Array(memory, 0, length),
  float64: (memory, length) => new Float64Array(memory, 0, length),
};

function view(buffer: Buffer | undefined, dtype: DType): HostData {
  const { memory, bytes } = memoryOf(buffer);
  if (memory === undefined) throw new TensorError('disposed', 'reference: this buffer was freed.');
  return views[dtype](memory, bytes / bytesPerElement[dtype]);
}

function memoryOf(buffer: Buffer | undefined): ReferenceBuffer {
  if (buffer instanceof ReferenceBuffer) return buffer;
  throw new TensorError('backend', 'reference: this buffer is none of this backend.');
}

function reserve(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw new TensorError('memory', `reference: no room for ${bytes} bytes more; free tensors, or use a smaller batch.`);
  }
}
