import { bufferUsage } from './pool.ts';
import { uniformBytes } from './pipelines.ts';

/** Bytes: as many uniform blocks as a batch has commands, and small uploads beside them. */
const capacity = 2 ** 19;

/** Words that go to the GPU with the next submission: uniform blocks and small uploads. One buffer, written once a submission. */
export class Arena {
  readonly gpu: GPUBuffer;
  readonly #device: GPUDevice;
  readonly #words = new Uint32Array(capacity / 4);
  #used = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.gpu = device.createBuffer({ size: capacity, usage: bufferUsage.uniform | bufferUsage.copySource | bufferUsage.copyTarget });
  }

  /** Puts words in; gives the byte at which they will be, undefined where there is no room before the next submission. */
  put(words: ArrayLike<number>): number | undefined {
    const start = this.#used;
    const end = start + Math.ceil(words.length * 4 / uniformBytes) * uniformBytes;
    if (end > capacity) return undefined;
    this.#words.set(words, start / 4);
    this.#used = end;
    return start;
  }

  /** Sends what was put in; room is there again. */
  send(): void {
    if (this.#used > 0) this.#device.queue.writeBuffer(this.gpu, 0, this.#words, 0, this.#used / 4);
    this.#used = 0;
  }
}
