import { createInterface } from 'node:readline';
import type { Case } from './cases.ts';
import { readData, type Data } from './data.ts';
import type { Counts } from './webgpu/gpu.ts';

/** A request to a system's process: one line of JSON on its stdin, answered by one line on its stdout. */
export type Request =
  | { readonly op: 'prepare'; readonly case: Case; readonly data: string }
  | { readonly op: 'run'; readonly count: number };

/** An answer: processor time of the whole process, all its threads, and the time on the clock; in milliseconds. */
export interface Reply {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** To `prepare`: what it is, with versions and settings. */
  readonly about?: string;
  /** To `run`: what the last repetition gave, equal in all systems. train: the loss before its update. infer: mean squared difference of the last output and its target. */
  readonly loss?: number;
  /** Where it uses a GPU: what this process has asked of it since it began. */
  readonly counts?: Counts;
  /** To `run`, of ours: most bytes of tensors during it, and of all WebAssembly memory. */
  readonly memory?: Memory;
  /** Instead of all else: why it cannot. */
  readonly error?: string;
}

/** Bytes. */
export interface Memory { readonly tensors: number; readonly reserved: number }

/** A case made ready in one system. */
export interface Session {
  readonly about: string;
  /** Does the whole work `count` times, reading its result each time; returns the loss of the last one. */
  run(count: number): Promise<number>;
  /** What it has asked of a GPU so far. */
  readonly counts?: () => Counts;
  /** What it has taken since it was asked last. */
  readonly memory?: () => Memory;
}

/** Answers requests until stdin ends: the main loop of a system's process. */
export async function serve(prepare: (size: Case, data: Data) => Promise<Session>): Promise<void> {
  // Stdout belongs to the answers: what a library prints goes to stderr.
  console.log = console.error;
  console.warn = console.error;
  console.info = console.error;
  let session: Session | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    const reply = await timed(async () => {
      if (request.op === 'prepare') {
        session = await prepare(request.case, readData(request.case, request.data));
        return { about: session.about };
      }
      if (session === undefined) throw new Error('run was asked for before prepare');
      const loss = await session.run(request.count);
      return { loss, ...(session.counts === undefined ? {} : { counts: session.counts() }), ...(session.memory === undefined ? {} : { memory: session.memory() }) };
    });
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

async function timed(work: () => Promise<Partial<Reply>>): Promise<Reply> {
  const before = { cpu: process.cpuUsage(), wall: performance.now() };
  const result = await work().catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }));
  const { user, system } = process.cpuUsage(before.cpu);
  return { ...result, cpuMs: (user + system) / 1000, wallMs: performance.now() - before.wall };
}

/** Mean squared difference. */
export function meanSquare(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < b.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2;
  return sum / b.length;
}
