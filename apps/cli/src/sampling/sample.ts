import { DataError } from '@unroll/datasets';
import { sampleText, type LoadedText } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { loadModel } from '../files/model.ts';
import type { Io } from '../io.ts';
import { painter } from '../print/style.ts';

/** What the command line may say about a sample. */
export interface SampleFlags {
  readonly prompt: string;
  readonly temperature: number;
  readonly topK?: number;
  readonly length: number;
  readonly seed?: number;
  readonly backend: BackendName;
}

/** `unroll sample`: the prompt and what the model makes of it, on stdout as it is drawn. */
export async function sample(path: string, { backend, seed, prompt, temperature, topK, length }: SampleFlags, { io }: Session): Promise<void> {
  await useBackend(backend);
  const loaded = await loadModel(path);
  try {
    const chosen = seed ?? Math.floor(Math.random() * 2 ** 32);
    if (seed === undefined) io.stderr.write(`seed ${chosen}\n`);
    await write(loaded, { prompt, temperature, length, seed: chosen, ...(topK === undefined ? {} : { topK }) }, io);
  } finally {
    loaded.model.dispose();
  }
}

async function write({ model, vocabulary }: LoadedText, options: Omit<SampleFlags, 'backend'>, io: Io): Promise<void> {
  checkPrompt(options.prompt, vocabulary);
  let last = options.prompt;
  io.stdout.write(painter(io, io.stdout)('strong', options.prompt));
  for await (const symbol of sampleText(model, vocabulary, options)) {
    io.stdout.write(symbol);
    last = symbol;
  }
  if (!last.endsWith('\n')) io.stdout.write('\n');
}

function checkPrompt(prompt: string, vocabulary: LoadedText['vocabulary']): void {
  try {
    vocabulary.encode(prompt);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const known = vocabulary.decode(Int32Array.from({ length: vocabulary.size }, (_, id) => id));
    throw new CliError('usage', `--prompt: ${error.message.replace(/^encode: /, '').replace(/; .*$/, '')}; the model knows ${JSON.stringify(known)}`);
  }
}
