import type { CellName } from '@unroll/cells';
import { characterVocabulary, DataError, TextStreams } from '@unroll/datasets';
import { TextModel } from '@unroll/recipes';
import { scope, tensor, type DType } from '@unroll/tensor';
import { adam, adamw, crossEntropy, fit, rmsprop, sgd, type Optimizer } from '@unroll/train';
import type { Curve } from './compare.ts';
import { ReferenceFileError, type CurveReference, type Mode, type OptimizerName } from './reference.ts';

// What the curves were made with; only the cell and the optimiser differ from file to file.
const characters = 100_000;
const batch = 8;
const length = 32;
const architecture = { embedding: 32, hidden: 64, layers: 2, dropout: 0 };
const clipNorm = 1;

/**
 * Trains the model of a training curve on the backend in use, from the file's own initial parameters, and returns loss and gradient
 * norm (before clipping) of every step.
 *
 * The model is Embedding(V, 32), two recurrent layers of 64, Linear(64, V). The first 100,000 characters are cut into 8 streams;
 * each step reads 32 characters of every stream, with the state carried on and the gradient cut between steps.
 *
 * @param onStep told after each step
 * @throws ReferenceFileError where the text is not the one that the curve was made from
 */
export async function runCurve(reference: CurveReference, text: string, dtype: DType, onStep: (step: number) => void = () => undefined): Promise<Curve> {
  const vocabulary = characterVocabulary(text);
  const ids = vocabulary.encode(text).subarray(0, characters);
  checkText(reference, vocabulary.size, ids.length);
  const optimizer = optimizers[reference.optimizer]();
  const model = new TextModel({ cell: cells[reference.mode], ...architecture }, vocabulary.size, { dtype });
  const loss: number[] = [];
  const gradNorm: number[] = [];
  try {
    load(model, reference, dtype);
    const options = { loss: crossEntropy, optimizer, clipNorm, steps: reference.loss.length };
    for await (const progress of fit(model, new TextStreams(ids, { batch, length }), options)) {
      loss.push(progress.loss);
      gradNorm.push(progress.gradNorm ?? NaN);
      onStep(progress.step);
    }
    return { loss, gradNorm };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
}

const optimizers: Readonly<Record<OptimizerName, () => Optimizer>> = {
  adam: () => adam({ lr: 2e-3 }),
  adamw: () => adamw({ lr: 2e-3, weightDecay: 0.01 }),
  sgd: () => sgd({ lr: 0.5, momentum: 0.9, nesterov: true }),
  rmsprop: () => rmsprop({ lr: 1e-3 }),
};

const cells: Readonly<Record<Mode, CellName>> = { RNN: 'rnn', LSTM: 'lstm', GRU: 'gru' };

function load(model: TextModel, { parameters }: CurveReference, dtype: DType): void {
  scope(() => model.loadStateDict(Object.fromEntries([...parameters].map(([name, { shape, data }]) => [name, tensor(data, { shape, dtype })]))));
}

function checkText({ parameters, loss }: CurveReference, symbols: number, available: number): void {
  const expected = parameters.get('embedding.weight')?.shape[0];
  if (symbols !== expected) {
    throw new ReferenceFileError(`the text has ${symbols} different characters and the model ${expected ?? 'none'}; give the text that the curve was made from`);
  }
  const needed = batch * (loss.length * length + 1);
  if (available < needed) {
    throw new DataError('text-too-short', `the text has ${available} characters and ${loss.length} steps need ${needed}; give the text that the curve was made from`);
  }
}
