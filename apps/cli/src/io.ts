import { startWorker } from './training/start-worker.ts';
import type { StartJob } from './training/protocol.ts';

/** One of the two places to print to. */
export interface Output {
  readonly write: (text: string) => void;
  /** Whether a terminal shows it, so that a line can be redrawn. */
  readonly isTTY: boolean;
  /** Width of that terminal in cells, at this moment. */
  readonly columns: number;
}

/** What asks a command to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/**
 * All of the process that commands may touch, besides files: data go to `stdout`, everything said to a person to `stderr`.
 * Tests give their own.
 */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Calls `handler` for every signal that asks to stop, until the returned function is called. */
  readonly onStop: (handler: (signal: StopSignal) => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Starts a training, in a thread of its own. */
  readonly startJob: StartJob;
  /** Writes bytes to stdout as they are. */
  readonly writeBytes: (bytes: Uint8Array) => void;
  /** All that comes in through stdin. */
  readonly readStdin: () => Promise<Uint8Array>;
}

/** The process that we are. */
export function processIo(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    now: () => performance.now(),
    onStop,
    exit: (code) => process.exit(code),
    startJob: startWorker,
    writeBytes: (bytes) => void process.stdout.write(bytes),
    readStdin,
  };
}

const fallbackColumns = 80;

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    // A terminal without cursor movement (TERM=dumb) gets what a file gets.
    get isTTY() { return stream.isTTY && process.env['TERM'] !== 'dumb'; },
    get columns() { return stream.columns > 0 ? stream.columns : fallbackColumns; },
  };
}

async function readStdin(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

function onStop(handler: (signal: StopSignal) => void): () => void {
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return () => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
}
