import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend, type BackendName } from './backend.ts';
import type { Io, Output, StopSignal } from './io.ts';
import { startHere } from './training/start-here.ts';

/** Settings of a made-up process. */
export interface CapturedOptions {
  readonly tty?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** An `Io` whose output is kept, whose clock stands until it is moved, and which can be asked to stop. For tests. */
export interface CapturedIo extends Io {
  /** What was printed so far. */
  readonly out: string;
  readonly err: string;
  /** What was written as bytes. */
  readonly pieces: readonly Uint8Array[];
  /** Codes given to `exit`. */
  readonly exits: readonly number[];
  /** Moves the clock on. */
  advance(milliseconds: number): void;
  /** As if the signal had come. */
  stop(signal: StopSignal): void;
}

export function captureIo({ tty = false, columns = 80, env = {}, stdin = '' }: CapturedOptions = {}): CapturedIo {
  const printed = { out: '', err: '' };
  const handlers = new Set<(signal: StopSignal) => void>();
  const exits: number[] = [];
  const pieces: Uint8Array[] = [];
  let clock = 0;
  const output = (key: keyof typeof printed): Output => ({ isTTY: tty, columns, write: (text) => void (printed[key] += text) });
  return {
    stdout: output('out'),
    stderr: output('err'),
    env,
    exits,
    get out() { return printed.out; },
    get err() { return printed.err; },
    now: () => clock,
    advance: (milliseconds) => void (clock += milliseconds),
    stop: (signal) => { for (const handler of handlers) handler(signal); },
    exit: (code) => void exits.push(code),
    startJob: startHere,
    writeBytes: (bytes) => void pieces.push(bytes),
    pieces,
    readStdin: () => Promise.resolve(Buffer.from(stdin)),
    onStop: (handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}

/** A folder of a test's own as the working directory, with a small text in it: `enter` before each test, `leave` after it. */
export function storyFolder(): { readonly enter: () => Promise<void>; readonly leave: () => Promise<void> } {
  const before = process.cwd();
  let folder = '';
  return {
    enter: async () => {
      folder = await mkdtemp(join(tmpdir(), 'unroll-cli-'));
      process.chdir(folder);
      await writeFile('story.txt', 'The tide comes in, the tide goes out, and nobody asks why.\n'.repeat(20));
    },
    leave: async () => {
      process.chdir(before);
      await rm(folder, { recursive: true });
    },
  };
}

/** Backends that run here: those of `names`, and a word about the GPU where there is none, which is an error under UNROLL_GPU=1. */
export async function backendsHere(names: readonly BackendName[]): Promise<BackendName[]> {
  const here = await Promise.all(names.map(async (name) => {
    if (name !== 'webgpu') return true;
    try {
      await useBackend(name);
      return true;
    } catch (error) {
      if (process.env['UNROLL_GPU'] === '1') throw error;
      process.stderr.write(`\nSKIPPED, no GPU adapter: what the command computes on it. scripts/vulkan.sh installs a driver for the CPU.\n`);
      return false;
    }
  }));
  return names.filter((_, k) => here[k]);
}

/** Larger reference files, in a folder below the one that UNROLL_SHARED names; none, and a word about it, where that is not set. */
export function sharedFiles(folder: string): string[] {
  const root = process.env['UNROLL_SHARED'] ?? '';
  if (root !== '') return listed(join(root, folder));
  process.stderr.write(`UNROLL_SHARED is not set: the tests of ${folder} DO NOT RUN\n`);
  return [];
}

function listed(folder: string): string[] {
  return readdirSync(folder).filter((file) => file.endsWith('.safetensors')).sort().map((file) => join(folder, file));
}
