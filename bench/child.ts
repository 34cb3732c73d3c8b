import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Reply, Request } from './protocol.ts';
import type { System } from './systems.ts';

/** Where processes run: a core, or why they are not bound to one. */
export type Pin = { readonly core: number; readonly allowed: readonly number[] } | { readonly reason: string };

/** The core asked for, else the last one this process may use: the first serves the system's interrupts. */
export function choosePin(wanted?: number): Pin {
  if (spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status !== 0) return { reason: 'this system has no taskset' };
  const allowed = allowedCores();
  const core = wanted ?? allowed.at(-1) ?? 0;
  const { status, stderr } = spawnSync('taskset', ['-c', String(core), process.execPath, '-e', ''], { encoding: 'utf8' });
  return status === 0 ? { core, allowed } : { reason: `taskset refuses core ${core}: ${stderr.trim()}` };
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, k) => from + k);
  });
}

/** That core, and before it others where a system takes several. */
function coresOf({ core, allowed }: Extract<Pin, { core: number }>, count: number): string {
  return [...allowed.filter((other) => other !== core).slice(count < 2 ? Infinity : 1 - count), core].join(',');
}

/** What a core can do with vectors of 128 bits, in GFLOP/s; undefined where that cannot be measured. */
export function peakGflops(pin: Pin): number | undefined {
  const [file, ...args] = [...('core' in pin ? ['taskset', '-c', String(pin.core)] : []), process.execPath, '--import', import.meta.resolve('tsx'), fileURLToPath(new URL('systems/peak.ts', import.meta.url))];
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as { readonly gflops: number }).gflops : undefined;
}

/** A running system. One request at a time. */
export class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #limitMs: number;
  /** Why there will be no more answers. */
  readonly #ended: Promise<Error>;
  #errors = '';

  /** `limitMs`: a request that takes longer ends the process. */
  constructor({ command, env, cores = 1 }: System, pin: Pin, limitMs: number) {
    const [file, ...args] = [...('core' in pin ? ['taskset', '-c', coresOf(pin, cores)] : []), ...command];
    this.#process = spawn(file as string, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => { this.#errors = (this.#errors + text).slice(-4000); });
    // A process that has ended breaks the pipe; that it ended is what is told.
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#limitMs = limitMs;
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', resolve);
      this.#process.once('close', (code, signal) => resolve(new Error(`ended with ${signal ?? `code ${code}`}: ${lastLine(this.#errors)}`)));
    });
  }

  /** Its answer. Throws an Error with its own words where it fails, ends or takes too long; it is of no more use then. */
  async request(request: Request): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Error>((resolve) => { timer = setTimeout(() => resolve(new Error(`took longer than ${this.#limitMs / 1000} s`)), this.#limitMs); });
    const line = new Promise<string>((resolve) => { this.#lines.once('line', resolve); });
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const first = await Promise.race([line, this.#ended, late]);
    clearTimeout(timer);
    if (first instanceof Error) {
      this.stop();
      throw first;
    }
    const reply = JSON.parse(first) as Reply;
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /Error|error|abort|memory/.test(line))?.trim() ?? lines.at(-1)?.trim() ?? 'no message';
}
