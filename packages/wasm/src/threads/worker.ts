/**
 * The program of a worker, as text, since it has to start from wherever this package was bundled into. It waits for the next round; then
 * it compiles a module (where a length is given), or runs one. Words of the control block: round, kernel, address, length, done, failed.
 */
export const workerSource = `
const work = ({ memory, control, thread, threads }, ready) => {
  const words = new Int32Array(memory.buffer, control, 16);
  const kernels = [];
  let round = 0;
  ready();
  for (;;) {
    for (let k = 0; k < 20000 && Atomics.load(words, 0) === round; k++);
    while (Atomics.load(words, 0) === round) Atomics.wait(words, 0, round);
    round = (round + 1) | 0;
    if (words[3] === 0) { kernels[words[1]](thread, threads); continue; }
    try {
      const bytes = new Uint8Array(memory.buffer, words[2] >>> 0, words[3]).slice();
      kernels[words[1]] = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run;
    } catch {
      Atomics.add(words, 5, 1);
    }
    Atomics.add(words, 4, 1);
    Atomics.notify(words, 4);
  }
};
if (typeof require === 'function') {
  const { parentPort, workerData } = require('node:worker_threads');
  work(workerData, () => parentPort.postMessage('ready'));
} else {
  onmessage = ({ data }) => work(data, () => postMessage('ready'));
}
`;
