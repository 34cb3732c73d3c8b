import { slots } from '../config/config.ts';

/** Runs one turn of a model's training when it has a place to compute at. */
export type Sharing = <T>(turn: () => Promise<T>) => Promise<T>;

/**
 * At most so many models compute at a time as leave a processor to the page: one whose task has to wait for training behind it does not answer.
 * Turns come in the order in which they were asked for. Where there are processors enough, or no locks, nobody waits.
 */
export function sharing(processors: number, locks: Pick<LockManager, 'request'> | undefined): Sharing {
  const places = Math.max(1, processors - 1);
  if (locks === undefined || places >= slots.length) return (turn) => turn();
  let turns = 0;
  return async (turn) => locks.request(`unroll-place-${turns++ % places}`, turn);
}
