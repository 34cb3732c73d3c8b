import { defaultText } from '@unroll/datasets';
import { checkpointOf, createTextRun, sampleText, type TextRun } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { checkpointBytes, saveBytes } from '../files/checkpoint.ts';
import { checkTarget } from '../files/target.ts';
import type { Io } from '../io.ts';
import { bytes, commandName, duration } from '../print/format.ts';
import { painter } from '../print/style.ts';
import { describeEvaluation, describeRun } from '../recipes/text.ts';
import { version } from '../version.ts';
import { signalOutcomes } from './interruption.ts';
import { trainVisibly } from './loop.ts';

/** What writes best after half a minute of training on an idle machine with two cores. */
const config = { cell: 'lstm', hidden: 192, layers: 1, embedding: 32, dropout: 0.1, batch: 16, length: 48, lr: 8e-3, clip: 1 };

/** Seconds after which even a slow machine has trained enough. */
const longest = 60;

/** From the full rate down to nothing in a quarter of a wave: what was learnt last settles. */
const lrAt = (share: number): number => config.lr * Math.cos((share * Math.PI) / 2);

/** Small enough to be read, long enough to show that words and lines are right. */
const sampleLength = 320;

/** What the command line may say about the demonstration. */
export interface StartFlags {
  readonly steps: number;
  readonly seed: number;
  readonly backend: BackendName;
  readonly out?: string;
}

/** `unroll start`: the demonstration. What the model writes goes to stdout, what is said about it to stderr. */
export async function start({ backend, out, steps, seed }: StartFlags, { io, finish }: Session): Promise<void> {
  const say = (line: string): void => io.stderr.write(`${line}\n`);
  if (out !== undefined) await checkTarget(out);
  await useBackend(backend);
  const text = defaultText();
  const run = createTextRun(text, { ...config, steps, seed });
  try {
    say(`A network learns to write, character by character, from ${bytes(text.length)} of text about a small harbour.`);
    say(`${describeRun(run)} on ${backend}`);
    await show(run, io, 'Before training it writes:');
    const { stopped, evaluation, seconds } = await trainVisibly(run, io, { longest, lrAt });
    if (stopped === undefined) await show(run, io, `After ${duration(seconds)} of training it writes:`);
    if (evaluation !== undefined) {
      io.stdout.write(`${describeEvaluation(evaluation)}\n`);
      say(`Guessing blindly among its ${run.vocabulary.size} characters would cost ${Math.log(run.vocabulary.size).toFixed(2)} nats.`);
    }
    if (out !== undefined) say(`Saved ${out} (${bytes(await save(out, run))}).`);
    say(advice(io, out));
    if (stopped !== undefined) finish(signalOutcomes[stopped]);
  } finally {
    run.dispose();
  }
}

async function save(path: string, run: TextRun): Promise<number> {
  const content = await checkpointBytes(checkpointOf(run), { unroll: version() });
  saveBytes(path, content);
  return content.length;
}

async function show({ model, vocabulary, config: { seed } }: TextRun, io: Io, title: string): Promise<void> {
  io.stderr.write(`\n${painter(io, io.stderr)('strong', title)}\n\n`);
  let text = '';
  for await (const symbol of sampleText(model, vocabulary, { length: sampleLength, temperature: 0.5, seed })) text += symbol;
  // Indented, so that it is seen where the text begins and ends.
  io.stdout.write(`${fold(text.trim(), io.stdout.columns - 4).map((line) => `  ${line}`.trimEnd()).join('\n')}\n\n`);
}

/** Lines of at most `width` characters, broken at spaces where there are any. */
function fold(text: string, width: number): string[] {
  const most = Math.max(20, width);
  const piece = new RegExp(`.{1,${most}}(?= |$)|.{1,${most}}`, 'gu');
  return text.split('\n').flatMap((line) => line.match(piece)?.map((part) => part.trim()) ?? ['']);
}

function advice({ env }: Io, out: string | undefined): string {
  const command = commandName(env);
  return out === undefined ? `Next, a text of your own: ${command} train FILE.txt` : `Next: ${command} sample ${out}`;
}
