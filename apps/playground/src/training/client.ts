import type { Call, CallName, Calls, Message, Refusal } from './protocol.ts';

/** What a worker says by itself. */
export type WorkerEvent = Extract<Message, { kind: 'progress' | 'notice' | 'settled' | 'paused' }>;

/** A worker refused a call. `place` is where in the equations, where it is about them. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** The page's side of one model's worker. */
export class ModelWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>();
  #calls = 0;

  constructor(worker: Worker, listen: (event: WorkerEvent) => void) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if (data.kind !== 'answer' && data.kind !== 'refusal') listen(data);
      else this.#settle(data);
    });
    worker.addEventListener('error', (event) => this.#fail(new Error(event.message === '' ? 'the worker could not be started' : event.message)));
  }

  call<Name extends CallName>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>> {
    this.#calls += 1;
    const call: Call<Name> = { id: this.#calls, name, args };
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(call.id, { resolve, reject }));
    this.#worker.postMessage(call, { transfer: [] });
    return answer as Promise<ReturnType<Calls[Name]>>;
  }

  end(): void {
    this.#worker.terminate();
    this.#fail(new Error('the worker was ended'));
  }

  #settle(message: Extract<Message, { kind: 'answer' | 'refusal' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new RefusalError(message.error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Starts the worker of a model. */
export function startWorker(name: string, listen: (event: WorkerEvent) => void): ModelWorker {
  return new ModelWorker(new Worker(new URL('worker.ts', import.meta.url), { type: 'module', name }), listen);
}
