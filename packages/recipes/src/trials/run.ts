import { cells } from '@unroll/cells';
import { BatchOrder, ignored, Rng, sequenceSet, tasks, type SequenceBatch, type SequenceSet, type TaskDefinition } from '@unroll/datasets';
import type { Module } from '@unroll/layers';
import { Generator, keep, scope, tensor, where, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit, type FitInput } from '@unroll/train';
import { check } from '../errors.ts';
import { evaluating } from '../learning.ts';
import { itemOf, type SequenceItem } from '../sequence/batches.ts';
import { answers } from '../sequence/evaluate.ts';
import { sequenceLoss } from '../sequence/loss.ts';
import { SequenceModel } from '../sequence/model.ts';
import { translateDefaults } from '../translate/config.ts';
import { answersOf } from '../translate/decode.ts';
import { translator } from '../translate/model.ts';
import type { Criterion, Trial, TrialProgress, TrialResult } from './definition.ts';
import { judges } from './judge.ts';

/** Sequences of a test, unless a trial says otherwise. */
const usualTest = 512;

/**
 * Learns a task from sequences that are made as it goes and tests on others, until the goal is reached or the updates are used up. The
 * same seed gives the same numbers on one backend. Leave the loop at any time.
 */
export async function* runTrial(trial: Trial, { seed = 0 }: { readonly seed?: number } = {}): AsyncGenerator<TrialProgress, TrialResult, void> {
  const started = performance.now();
  const { batch, steps, testEvery, criterion, goal } = trial;
  const task: TaskDefinition = tasks[trial.task];
  const { model, items, loss: objective, test } = criterion === 'exact' ? pairLearner(trial, task, seed) : sequenceLearner(trial, criterion, task, seed);
  const optimizer = adam({ lr: trial.lr });
  let score = NaN;
  const isSolved = (): boolean => (criterion === 'mse' ? score < goal : score >= goal);
  try {
    for await (const { step, loss } of fit<never, SequenceItem>(model, items, { objective, optimizer, clipNorm: trial.clip, steps })) {
      const isTest = step % testEvery === 0 || step === steps;
      if (isTest) score = await evaluating(model, test);
      yield { step, loss, ...(isTest ? { score } : {}) };
      if (isSolved()) break;
    }
    return { solved: isSolved(), score, sequences: optimizer.steps * batch, seconds: (performance.now() - started) / 1000 };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
}

interface TrialLearner {
  readonly model: Module;
  readonly items: Iterable<SequenceItem>;
  readonly loss: (input: FitInput<SequenceItem>) => Tensor;
  readonly test: () => Promise<number>;
}

function sequenceLearner({ cell, hidden, gateBias = {}, batch: rows, testSize = usualTest, options }: Trial, criterion: Exclude<Criterion, 'exact'>, task: TaskDefinition, seed: number): TrialLearner {
  const shape = task.shape(options);
  const model = new SequenceModel({ cell, hidden, layers: 1, embedding: shape.inputSize, dropout: 0, bidirectional: false }, shape, { generator: new Generator(seed) });
  biasGates(model, gateBias);
  const [rng, batch] = [new Rng(2 * seed + 1), task.generate(new Rng(2 * seed + 2), testSize, options)];
  return {
    model,
    items: endless(() => task.generate(rng, rows, options)),
    loss: ({ inputs, targets, batch: item }) => sequenceLoss(shape.targets, model.forward(inputs, lengthsOf(item)), targets, item),
    test: async () => {
      const output = scope(() => keep(answers(model, itemOf(batch))));
      try {
        return judges[criterion]({ outputs: await output.data(), batch, width: shape.targetSize });
      } finally {
        output.dispose();
      }
    },
  };
}

function pairLearner({ cell, hidden, batch: rows, distinct = 5000, testSize = usualTest, options }: Trial, task: TaskDefinition, seed: number): TrialLearner {
  const model = translator({ ...translateDefaults, cell, hidden, embedding: 32 }, task.shape(options), { cell: cells[cell], generator: new Generator(seed) });
  const set = distinctSet(task, new Rng(2 * seed + 1), { count: distinct + testSize, options });
  const order = new BatchOrder(distinct, { batch: rows, seed });
  const tested = Array.from({ length: testSize }, (_, k) => distinct + k);
  const wanted = tested.map((index) => Array.from(set.target(index)).slice(0, -1).join());
  const { inputs, inputShape, lengths, targetShape: [longest = 1] } = set.batch(tested);
  return {
    model,
    items: endless(() => set.batch(order.next().indices)),
    loss: ({ inputs: source, targets, batch }) => crossEntropy(model.forward(source, targets, lengthsOf(batch)), targets),
    test: async () => {
      const found = await answersOf(model, { inputs, shape: inputShape, ...(lengths === undefined ? {} : { lengths }) }, { maxLength: longest });
      return found.filter(([best], row) => best?.ended === true && best.ids.join() === wanted[row]).length / testSize;
    },
  };
}

// Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015. One of the two biases, as it is their sum that counts.
function biasGates({ rnn: { cell, hiddenSize }, rnn }: SequenceModel, biases: Readonly<Record<string, number>>): void {
  const { bias_ih_l0: bias } = rnn.parameters();
  for (const [gate, value] of Object.entries(biases)) {
    const place = cell.inputGates.indexOf(gate);
    check(bias !== undefined && place >= 0, 'argument', () => `runTrial: the cell ${cell.name} has no gate ${gate} with a bias of the input; it has ${cell.inputGates.join(', ')}.`);
    const isGate = tensor(Float32Array.from({ length: bias.size }, (_, row) => (Math.floor(row / hiddenSize) === place ? 1 : 0)));
    scope(() => bias.assign(where(isGate, value, bias)));
    isGate.dispose();
  }
}

function* endless(next: () => SequenceBatch): Iterable<SequenceItem> {
  for (;;) yield itemOf(next());
}

function lengthsOf({ lengths }: SequenceItem): { readonly lengths?: Int32Array } {
  return lengths === undefined ? {} : { lengths };
}

/** So many sequences of a task that differ in their inputs, in the order in which they were drawn. */
function distinctSet(task: TaskDefinition, rng: Rng, { count, options }: { readonly count: number; readonly options: Trial['options'] }): SequenceSet {
  const found = new Map<string, { readonly input: number[]; readonly target: number[] }>();
  while (found.size < count) {
    const { inputs, targets, lengths, inputShape: [steps = 0, rows = 0] } = task.generate(rng, 256, options);
    for (let b = 0; b < rows && found.size < count; b++) {
      const input = Array.from({ length: lengths?.[b] ?? steps }, (_, t) => inputs[t * rows + b] as number);
      const target = Array.from({ length: targets.length / rows }, (_, s) => targets[s * rows + b] as number).filter((id) => id !== ignored);
      if (!found.has(input.join())) found.set(input.join(), { input, target });
    }
  }
  const list = [...found.values()];
  const at = (index: number): (typeof list)[number] => list[index] as (typeof list)[number];
  return sequenceSet({ shape: task.shape(options), size: list.length, length: (index) => at(index).input.length, input: (index) => at(index).input, target: (index) => at(index).target });
}
