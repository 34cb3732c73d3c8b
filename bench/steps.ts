import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { classify, createTextRun, train, trainText } from '@unroll/recipes';
import { memory, use, type MemoryUse } from '@unroll/tensor';
import { wasm, type Wasm } from '@unroll/wasm';
import { lineSet, characterVocabulary } from '@unroll/datasets';

/**
 * What a long training leaves behind: live tensors and their bytes, pages of WebAssembly memory, and how the heap of JavaScript grows.
 *
 *     npx -y pnpm@10 exec tsx --conditions=@unroll/source bench/steps.ts [STEPS, 10000 unless given]
 */
export interface Endurance {
  readonly name: string;
  readonly steps: number;
  /** After the first tenth, and at the end. */
  readonly tensors: readonly [MemoryUse, MemoryUse];
  readonly pages: readonly [number, number];
  /** Bytes a step, by least squares over what is left after collecting garbage, from the first tenth on. */
  readonly heapSlope: number;
}

const pageBytes = 65536;
const samples = 20;

/** A text model with dropout, and sequences of different lengths, padded to one: the batch at hand is among what lives. Both as many steps. */
export async function* endure(steps: number): AsyncGenerator<Endurance, void, void> {
  const backend = await wasm();
  use(backend);
  const text = createTextRun('what is to be learnt, and learnt again. '.repeat(50), { cell: 'lstm', hidden: 8, layers: 2, embedding: 4, batch: 4, length: 8, dropout: 0.1, holdout: 0, steps });
  yield await followed('text', steps, trainText(text), backend);
  text.dispose();
  const words = Array.from({ length: 40 }, (_, k) => 'abcab'.repeat(3).slice(0, 1 + (k % 12)));
  const set = lineSet({ lines: words, labels: Int32Array.from(words, ({ length }) => length % 2), classes: ['even', 'odd'] }, characterVocabulary('abc'), { length: 12 });
  const sequences = classify.create({ train: set }, { cell: 'gru', bidirectional: true, hidden: 8, embedding: 4, batch: 4, steps });
  yield await followed('sequences', steps, train(sequences), backend);
  sequences.dispose();
}

async function followed(name: string, steps: number, progress: AsyncIterable<{ readonly kind: string; readonly step: number }>, backend: Wasm): Promise<Endurance> {
  const collect = collector();
  const points: { step: number; heap: number; use: MemoryUse; pages: number }[] = [];
  for await (const { kind, step } of progress) {
    if (kind !== 'step' || step < steps / 10 || step % Math.max(1, Math.floor(steps / samples)) !== 0) continue;
    collect();
    points.push({ step, heap: process.memoryUsage().heapUsed, use: memory(), pages: backend.memory().reserved / pageBytes });
  }
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`${name}: ${steps} steps are too few`);
  return { name, steps, tensors: [first.use, last.use], pages: [first.pages, last.pages], heapSlope: slope(points.map(({ step, heap }) => [step, heap])) };
}

function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  return mean(points.map(([a, b]) => (a - x) * (b - y))) / mean(points.map(([a]) => (a - x) ** 2));
}

// Without a flag on the command line, so that a test can do it.
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  let failed = false;
  for await (const { name, steps, tensors: [before, after], pages, heapSlope } of endure(Number(process.argv[2] ?? 10_000))) {
    console.log(`${name}, ${steps} steps: ${before.tensors} → ${after.tensors} tensors, ${before.bytes} → ${after.bytes} bytes, ${pages[0]} → ${pages[1]} pages of WebAssembly memory, heap ${heapSlope.toFixed(0)} bytes a step`);
    failed ||= before.tensors !== after.tensors || before.bytes !== after.bytes || pages[0] !== pages[1] || heapSlope >= 1024;
  }
  process.exitCode = failed ? 1 : 0;
}
