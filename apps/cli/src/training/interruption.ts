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

/** Listens for Ctrl-C and its like. The first calls `onFirst` and leaves it to the loop to end; the second ends the process at once. */
export function interruption(io: Io, onFirst: () => void): Interruption {
  let signal: StopSignal | undefined;
  const end = io.onStop((received) => {
    if (signal !== undefined) io.exit(exitCodes[signalOutcomes[received]]);
    else onFirst();
    signal ??= received;
  });
  return { get signal() { return signal; }, end };
}
