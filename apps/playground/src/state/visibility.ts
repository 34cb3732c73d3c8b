import type { Lab } from './lab.svelte.ts';

/** A page that nobody sees stops after so many milliseconds: it would only warm the room. */
const longestAway = 5 * 60_000;

/** Pauses the training of a page that is out of sight for five minutes. */
export function watchVisibility(lab: Pick<Lab, 'playing' | 'pause' | 'stopped'>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => stop(lab), longestAway);
  });
}

function stop(lab: Pick<Lab, 'playing' | 'pause' | 'stopped'>): void {
  if (!lab.playing) return;
  lab.pause();
  lab.stopped = 'hidden';
}
