import type { Cell } from '@unroll/cells';
import { DataError, decodeUtf8 } from '@unroll/datasets';
import { checkpointOf, createTextRun, resumeText, sampleText, trainText, type ResumeOptions, type TextEvaluation, type TextRun } from '@unroll/recipes';
import { scope } from '@unroll/tensor';
import { CliError, oneLine } from '../errors.ts';
import { readCell } from '../files/cell.ts';
import { uploaded } from '../files/checkpoint.ts';
import type { Source } from '../files/source.ts';
import type { Values } from '../options/spec.ts';
import { count } from '../print/format.ts';
import type { Adapter, Progress, Trainee } from './adapter.ts';

/** Language models of characters or bytes. */
export const textAdapter: Adapter = {
  recipe: 'text',
  async create(source, { cellFile, ...config }) {
    const text = textOf(source);
    const own = cellFile === undefined ? undefined : { path: String(cellFile), cell: await readCell(String(cellFile)) };
    return traineeOf(prepare(source, text, config, own), source, text, own?.path);
  },
  async resume(source, { description, tensors }, changes) {
    const text = textOf(source);
    const run = scope(() => resumeText(text, description, uploaded(tensors), changes as ResumeOptions));
    return Promise.resolve(traineeOf(run, source, text));
  },
};

/** A measurement in one line. */
export function describeEvaluation({ loss, bitsPerCharacter, predictions }: TextEvaluation): string {
  return `held-out loss: ${loss.toFixed(4)} nats per character, ${bitsPerCharacter.toFixed(4)} bits per character (over ${count(predictions)} characters)`;
}

/** The network and its training in one line. */
export function describeRun({ config, model }: TextRun): string {
  const { cell, layers, hidden, embedding, steps, batch, length } = config;
  const parameters = Object.values(model.parameters()).reduce((sum, { size }) => sum + size, 0);
  return `${oneLine(cell)}, ${layers} x ${hidden}, embedding ${embedding}: ${count(parameters)} parameters; ${count(steps)} steps of ${batch} x ${length}`;
}

function traineeOf(run: TextRun, source: Source, text: string, cellFile?: string): Trainee {
  return {
    config: { ...run.config }, steps: run.config.steps, optimizer: run.optimizer, history: run.history, parameters: run.model.parameters(),
    get epoch() { return run.streams.cursor.epoch; },
    get stopped() { return run.stopping.stopped; },
    get isMeasuring() { return isMeasuring(run); },
    get isBest() { return run.stopping.best !== undefined && run.stopping.wait === 0; },
    about: [describeText(source, run, symbols(text)), describeRun(run)],
    train(_signal, next) {
      if (next !== undefined) run.recovery = next;
      return progress(run, cellFile);
    },
    content: () => checkpointOf(run),
    preview: () => preview(run),
    dispose: () => run.dispose(),
  };
}

async function* progress(run: TextRun, cellFile: string | undefined): AsyncGenerator<Progress, void, void> {
  try {
    yield* reports(run);
  } catch (error) {
    throw cellFile === undefined ? error : misfit(error, cellFile, { ...run.config });
  }
}

async function* reports(run: TextRun): AsyncGenerator<Progress, void, void> {
  for await (const event of trainText(run)) {
    if (event.kind === 'step') yield event;
    if (event.kind === 'evaluation') {
      const { step, loss, bitsPerCharacter, predictions } = event;
      yield { kind: 'evaluation', step, loss, metrics: { bitsPerCharacter, predictions }, about: describeEvaluation(event) };
    }
  }
}

// Averaged weights change places with the model's meanwhile.
function isMeasuring({ config: { evaluateEvery, steps: all, ema }, optimizer: { steps }, heldOut, history }: TextRun): boolean {
  const isDue = steps === all || (evaluateEvery > 0 && steps > 0 && steps % evaluateEvery === 0);
  return isDue && ema === 0 && heldOut.length > 0 && history.latest('heldOut')?.step !== steps;
}

async function preview({ model, vocabulary, config: { seed } }: TextRun): Promise<string> {
  let text = '';
  for await (const symbol of sampleText(model, vocabulary, { length: 200, temperature: 0.7, seed })) text += symbol;
  return text;
}

function textOf({ files }: Source): string {
  const texts = files.map(({ name, bytes }) => {
    const text = decodeUtf8(bytes, name);
    if (text.length === 0) throw new CliError('data', `${name}: the file is empty; give it a text to learn from`);
    return text;
  });
  return texts.join('\n');
}

/** A cell of one's own, and where it is from. */
interface OwnCell { readonly path: string; readonly cell: Cell }

function prepare(source: Source, text: string, config: Values, own: OwnCell | undefined): TextRun {
  try {
    return createTextRun(text, own === undefined ? config : { ...config, cell: own.cell });
  } catch (error) {
    if (error instanceof DataError && error.code === 'text-too-short') throw tooShort(source, text, config);
    if (error instanceof DataError) throw new CliError('data', `${nameOf(source)}: ${error.message}`);
    throw own === undefined ? error : misfit(error, own.path, config);
  }
}

// Each of the streams needs one character more than a step reads: the one to predict last.
function tooShort(source: Source, text: string, { batch, length, holdout }: Values): CliError {
  const needed = Math.max(11, Math.ceil((Number(batch) * (Number(length) + 1)) / (1 - Number(holdout))));
  return new CliError(
    'data',
    `${nameOf(source)}: ${count(symbols(text))} characters are too few, --batch ${String(batch)} and --length ${String(length)} need ${count(needed)}; give a longer text, or lower --batch or --length`,
  );
}

// Equations that are well formed may still be no cell for this network, which only its parts find out.
function misfit(error: unknown, cellFile: string, { embedding, hidden }: Values): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'StepError') return new CliError('data', `${cellFile}: ${error.message} Equations that use x itself need --embedding ${String(embedding)} and --hidden ${String(hidden)} to be equal`);
  return ['LayerError', 'RecipeError'].includes(error.name) ? new CliError('data', `${cellFile}: ${error.message}`) : error;
}

function describeText(source: Source, { vocabulary, streams, heldOut }: TextRun, characters: number): string {
  const learnt = characters - heldOut.length;
  return `${nameOf(source)}: ${count(characters)} characters, ${vocabulary.size} different; ${count(learnt)} to learn from in passes of ${count(streams.stepsPerEpoch)} steps, ${count(heldOut.length)} held out`;
}

function nameOf({ files, remote }: Source): string {
  return remote ?? (files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files`);
}

/** Code points. */
function symbols(text: string): number {
  let total = 0;
  for (const _ of text) total += 1;
  return total;
}
