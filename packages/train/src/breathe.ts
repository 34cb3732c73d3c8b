/** Milliseconds of work after which timers, input and signals get their turn: one frame of a display, about. */
const longestBreath = 12;

/**
 * A function to be awaited in a loop: now and then it lets the event loop run, so that a page stays alive and Ctrl-C answers.
 * Awaiting a promise alone does not, and timers are rounded up to milliseconds.
 */
export function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < longestBreath) return;
    await turn();
    last = performance.now();
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
