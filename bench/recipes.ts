import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  characterVocabulary, choraleSet, digitSet, linesByClass, lineSet, parseChorales, parseCsv, parseIdx, splitIndices, subset, tableSeries, type IndexSplit, type SequenceSet, type TextFile,
} from '@unroll/datasets';
import { classify, evaluate, evaluateSequences, forecast, tag, train, type MeasuredProgress, type Measured } from '@unroll/recipes';
import { use } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';

/**
 * Whole tasks on real files, with the settings of docs/benchmarks.md. `tools/recipes.py` trains the same models with PyTorch on the same
 * split, which `--split FILE` writes for it.
 *
 *     npx -y pnpm@10 exec tsx --conditions=@unroll/source bench/recipes.ts names --data DIR [--seed 0] [--split names.json]
 */
const [name = '', ...words] = process.argv.slice(2);
const flags = new Map(Array.from({ length: Math.floor(words.length / 2) }, (_, k) => [words[2 * k] ?? '', words[2 * k + 1] ?? '']));
const [data, seed, splitFile] = [flags.get('--data') ?? '.', Number(flags.get('--seed') ?? 0), flags.get('--split')];
const started = performance.now();

const tasks: Readonly<Record<string, () => Promise<void>>> = { names, mnist, ett, jsb };
const task = tasks[name];
if (task === undefined) {
  console.error(`usage: recipes.ts ${Object.keys(tasks).join('|')} --data DIR [--seed N] [--split FILE]`);
  process.exitCode = 2;
} else {
  use(await wasm());
  await task();
  console.log(`${seconds()} s, processor time ${(process.cpuUsage().user / 1e6).toFixed(0)} s`);
}

/** Family names to 18 languages: a bidirectional GRU of 128. */
async function names(): Promise<void> {
  const folder = join(data, 'names');
  const files: TextFile[] = readdirSync(folder).filter((file) => file.endsWith('.txt')).sort().map((file) => ({ name: file, text: readFileSync(join(folder, file), 'utf8') }));
  const lines = linesByClass(files);
  const split = splitIndices(lines.lines.length, { fraction: 0.2, seed, labels: lines.labels });
  writeSplit(split, { lines: lines.lines, labels: [...lines.labels] });
  const run = classify.create(parts(lineSet(lines, characterVocabulary(lines.lines.join(''))), split), { cell: 'gru', bidirectional: true, hidden: 128, embedding: 32, lr: 2e-3, batch: 64, epochs: 8, seed });
  await learn(run, ({ accuracy, loss }) => `accuracy ${percent(accuracy)}, ${loss.toFixed(4)} nats`);
}

/** Rows of digits: two LSTMs of 256. */
async function mnist(): Promise<void> {
  const idx = async (file: string): Promise<Awaited<ReturnType<typeof parseIdx>>> => parseIdx(readFileSync(join(data, 'mnist-t10k', file)), file);
  const set = digitSet(await idx('t10k-images-idx3-ubyte.gz'), await idx('t10k-labels-idx1-ubyte.gz'));
  const split = splitIndices(set.size, { fraction: 0.2, seed });
  writeSplit(split, {});
  const run = classify.create(parts(set, split), { cell: 'lstm', layers: 2, hidden: 256, lr: 1e-3, batch: 64, epochs: 8, scaling: 'none', seed });
  await learn(run, ({ accuracy, loss }) => `accuracy ${percent(accuracy)}, ${loss.toFixed(4)} nats`);
}

/** The oil temperature one day ahead, hour by hour, from all seven columns. */
async function ett(): Promise<void> {
  const series = tableSeries(await parseCsv(readFileSync(join(data, 'ETTh1.csv'), 'utf8'), 'ETTh1.csv'));
  const run = forecast.create(series, { window: 96, horizon: 24, targets: ['OT'], cell: 'lstm', hidden: 64, dropout: 0.3, lr: 1e-3, batch: 64, epochs: 2, evaluateEvery: 63, seed });
  writeSplit(undefined, { ...run.split });
  await learn(run, ({ mse, mae }) => `mse ${mse.toFixed(4)}, mae ${mae.toFixed(4)}`);
  const { mse, mae, baselines, columns, covered } = await evaluate(run);
  console.log(`test: mse ${mse.toFixed(4)}, mae ${mae.toFixed(4)} (scaled), ${columns.map((column) => `${column.name}: mae ${column.mae.toFixed(3)}, rmse ${column.rmse.toFixed(3)}`).join('; ')}`);
  console.log(`persistence: mse ${baselines.persistence.mse.toFixed(4)}, mae ${baselines.persistence.mae.toFixed(4)}; seasonal naive (${run.season} h): mse ${baselines.seasonal?.mse.toFixed(4)}, mae ${baselines.seasonal?.mae.toFixed(4)}`);
  console.log(`covered: ${covered?.map(({ coverage, share }) => `${coverage}: ${percent(share)}`).join(', ')}`);
}

/** The next quarter note of a chorale, 88 keys. NLL per frame: the sum of the binary cross-entropies of the keys, mean over all frames but the first of each piece. */
async function jsb(): Promise<void> {
  const { train: learnt, validation, test } = parseChorales(readFileSync(join(data, 'jsb-chorales-quarter.json'), 'utf8'), 'jsb-chorales-quarter.json');
  const run = tag.create({ train: choraleSet(learnt), heldOut: choraleSet(validation) }, {
    cell: 'lstm', hidden: 400, dropout: 0.6, lr: 3e-3, schedule: 'cosine', batch: 8, epochs: 50, clip: 1, scaling: 'none', seed,
  });
  await learn(run, ({ loss }) => `validation NLL per frame ${loss.toFixed(3)}`);
  if (!run.best.empty) run.best.restore();
  const { loss, predictions } = await evaluateSequences(run.model, choraleSet(test));
  console.log(`test: NLL per frame ${loss.toFixed(3)} nats over ${predictions} frames: -sum over 88 keys of y ln p + (1 - y) ln(1 - p), each frame given those before it, the first of each piece not asked for`);
}

async function learn<Result extends Measured>(run: { readonly steps: number } & Parameters<typeof train<Result>>[0], say: (result: MeasuredProgress<Result>) => string): Promise<void> {
  for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(`${progress.step} of ${run.steps}: ${say(progress)}, ${seconds()} s`);
}

function parts(set: SequenceSet, { train: learnt, heldOut }: IndexSplit): { readonly train: SequenceSet; readonly heldOut: SequenceSet } {
  return { train: subset(set, learnt), heldOut: subset(set, heldOut) };
}

function writeSplit(split: IndexSplit | undefined, more: object): void {
  if (splitFile !== undefined) writeFileSync(splitFile, JSON.stringify({ ...(split === undefined ? {} : { train: [...split.train], heldOut: [...split.heldOut] }), ...more }));
}

function percent(share = NaN): string {
  return `${(100 * share).toFixed(2)} %`;
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
