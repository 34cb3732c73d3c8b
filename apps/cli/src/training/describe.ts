import type { TextEvaluation, TextRun } from '@unroll/recipes';
import type { BackendName } from '../backend.ts';
import { oneLine } from '../errors.ts';
import { count } from '../print/format.ts';

/** The network and its training in one line. */
export function describeRun({ config, model }: TextRun, backend: BackendName): string {
  const { cell, layers, hidden, embedding, steps, batch, length } = config;
  const parameters = Object.values(model.parameters()).reduce((sum, { size }) => sum + size, 0);
  return `${oneLine(cell)}, ${layers} x ${hidden}, embedding ${embedding}: ${count(parameters)} parameters; ${count(steps)} steps of ${batch} x ${length} on ${backend}`;
}

/** The text in one line. */
export function describeText(name: string, { vocabulary, streams, heldOut }: TextRun, characters: number): string {
  const learnt = characters - heldOut.length;
  return `${name}: ${count(characters)} characters, ${vocabulary.size} different; ${count(learnt)} to learn from in passes of ${count(streams.stepsPerEpoch)} steps, ${count(heldOut.length)} held out`;
}

/** The result in one line. */
export function describeEvaluation({ loss, bitsPerCharacter, predictions }: TextEvaluation): string {
  return `held-out loss: ${loss.toFixed(4)} nats per character, ${bitsPerCharacter.toFixed(4)} bits per character (over ${count(predictions)} characters)`;
}
