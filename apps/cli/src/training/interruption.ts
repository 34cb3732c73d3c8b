import { exitCodes, type Outcome } from '../errors.ts';
import type { Io, StopSignal } from '../io.ts';

/** How a process ends that a signal asked to. */
export const signalOutcomes: Readonly<Record<StopSignal, Outcome>> = { SIGINT: 'interrupted', SIGTERM: 'terminated' };

/** A wish to stop, which whoever works in a loop looks at from time to time. */
export interface Interruption {
  /** What asked to stop, if anything did. */
  readonly signal: StopSignal | undefined;
  /** Signals have their usual effect again. */
  end(): void;
}

/** Milliseconds within which the same signal is the same wish: package managers and `timeout` pass on what the terminal has sent already. */
const echo = 25;

/** Listens for Ctrl-C and its like. The first calls `onFirst` and leaves it to the work to end; the second ends the process at once. */
export function interruption(io: Io, onFirst: (signal: StopSignal) => void): Interruption {
  let signal: StopSignal | undefined;
  let time = 0;
  const end = io.onStop((received) => {
    if (signal === received && io.now() - time < echo) return;
    const isFirst = signal === undefined;
    if (isFirst) time = io.now();
    signal ??= received;
    if (isFirst) onFirst(received);
    else io.exit(signalExit(received));
  });
  return { get signal() { return signal; }, end };
}

/** The exit code after a signal. */
export function signalExit(signal: StopSignal): number {
  return exitCodes[signalOutcomes[signal]];
}
