import type { Block, Heap } from '../memory.ts';
import { meetingBytes } from './team.ts';
import { workerSource } from './worker.ts';

/** Where the words lie by which workers are told what to do; `worker.ts` knows them, too. */
const words = { round: 0, kernel: 1, address: 2, length: 3, done: 4, failed: 5 } as const;
const controlBytes = 64;

/** How long workers may take to start, and to compile a kernel, in milliseconds. */
const startMs = 10_000;
const compileMs = 5000;

/** When kernels are shared. */
export interface Sharing {
  /** Kernels of fewer multiplications are not. Default 2²⁰, some tens of microseconds: threads take as long to wake up. */
  readonly least: number;
  /** True: all others always are. Default false: as long as that is faster. */
  readonly always: boolean;
}

/** A worker, in Node or in a page. */
interface Helper { terminate(): unknown; unref?(): void }

/** A function that runs on several threads: its parameters are which thread runs it, and how many there are. */
export type Shared = (thread: number, threads: number) => void;

/** Workers over one shared memory, which run the functions that this thread runs, together with it. */
export class Pool {
  /** Threads, with this one. */
  readonly size: number;
  /** Where generated code waits for the other threads. */
  readonly meeting: number;
  readonly sharing: Sharing;
  readonly #heap: Heap;
  readonly #control: Block;
  readonly #helpers: Helper[];
  #kernels = 0;

  private constructor(heap: Heap, size: number, control: Block, helpers: Helper[], sharing: Sharing) {
    this.sharing = sharing;
    this.#heap = heap;
    this.size = size;
    this.#control = control;
    this.meeting = control.address + controlBytes;
    this.#helpers = helpers;
  }

  /** Starts `size − 1` workers. Undefined where there can be none: the memory is not shared, or this thread must not wait. */
  static async start(heap: Heap, size: number, { least = 2 ** 20, always = false }: Partial<Sharing> = {}): Promise<Pool | undefined> {
    if (size < 2 || !heap.limits.shared || !mayWait()) return undefined;
    const control = heap.reserveArena(controlBytes + meetingBytes);
    new Int32Array(heap.memory.buffer, control.address, (controlBytes + meetingBytes) / 4).fill(0);
    const helpers: Helper[] = [];
    try {
      const started = Array.from({ length: size - 1 }, (_, k) => startWorker({ memory: heap.memory, control: control.address, thread: k + 1, threads: size }, helpers));
      await inTime(Promise.all(started));
      return new Pool(heap, size, control, helpers, { least, always });
    } catch {
      // A page may forbid workers: then one thread does it all.
      for (const helper of helpers) helper.terminate();
      heap.releaseArena(control);
      return undefined;
    }
  }

  /** Whether there are workers. */
  get alive(): boolean {
    return this.#helpers.length > 0;
  }

  /** Gives a module of one function, `run`, to all workers; undefined where one of them cannot compile it. */
  load(bytes: Uint8Array): number | undefined {
    if (!this.alive) return undefined;
    const kernel = this.#kernels;
    this.#kernels += 1;
    const block = this.#heap.reserveArena(bytes.length);
    this.#heap.views.bytes.set(bytes, block.address);
    const view = this.#words();
    view[words.kernel] = kernel;
    view[words.address] = block.address;
    view[words.length] = bytes.length;
    Atomics.store(view, words.done, 0);
    this.#begin(view);
    const until = performance.now() + compileMs;
    for (let done = 0; done < this.size - 1 && performance.now() < until; done = Atomics.load(view, words.done)) Atomics.wait(view, words.done, done, 100);
    const isLoaded = Atomics.load(view, words.done) === this.size - 1 && Atomics.load(view, words.failed) === 0;
    this.#heap.releaseArena(block);
    return isLoaded ? kernel : undefined;
  }

  /** Runs a function that all workers have loaded; `own` is this thread's. */
  run(kernel: number, own: Shared): void {
    const view = this.#words();
    view[words.kernel] = kernel;
    view[words.length] = 0;
    this.#begin(view);
    own(0, this.size);
  }

  /** Ends the workers. */
  dispose(): void {
    for (const helper of this.#helpers.splice(0)) helper.terminate();
  }

  #words(): Int32Array {
    return new Int32Array(this.#heap.memory.buffer, this.#control.address, controlBytes / 4);
  }

  #begin(view: Int32Array): void {
    Atomics.add(view, words.round, 1);
    Atomics.notify(view, words.round);
  }
}

// Private.

interface WorkerData { readonly memory: WebAssembly.Memory; readonly control: number; readonly thread: number; readonly threads: number }
interface NodeWorkers { readonly Worker: new (source: string, options: { eval: true; workerData: WorkerData }) => Helper & { once(event: string, heard: (value: unknown) => void): void } }
interface PageWorker extends Helper { addEventListener(event: string, heard: (value: unknown) => void): void; postMessage(data: WorkerData): void }
interface Globals {
  readonly document?: unknown;
  readonly process?: { getBuiltinModule?(id: string): unknown };
  readonly Worker?: new (url: string) => PageWorker;
}

function globals(): Globals {
  const host: object = globalThis;
  return host;
}

/** The main thread of a page may not sleep. */
function mayWait(): boolean {
  return globals().document === undefined;
}

function startWorker(data: WorkerData, helpers: Helper[]): Promise<unknown> {
  const nodeWorkers = globals().process?.getBuiltinModule?.('node:worker_threads') as NodeWorkers | undefined;
  if (nodeWorkers !== undefined) {
    const worker = new nodeWorkers.Worker(workerSource, { eval: true, workerData: data });
    helpers.push(worker);
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (value) => {
        // A program ends though its workers wait.
        worker.unref?.();
        resolve(value);
      });
    });
  }
  const { Worker } = globals();
  if (Worker === undefined) return Promise.reject(new Error('no workers'));
  const worker = new Worker(URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' })));
  helpers.push(worker);
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', resolve);
    worker.addEventListener('error', reject);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window: it has no origin to name
    worker.postMessage(data);
  });
}

async function inTime(promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('late')), startMs); });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
