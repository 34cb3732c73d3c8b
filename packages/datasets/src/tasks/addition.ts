import type { Pair, PairSymbols } from '../pairs.ts';
import type { Rng } from '../rng.ts';
import { answerBatch, answerKind, answerShape, positionLoss } from './answers.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

/**
 * Addition as pairs of strings: "31+7" is answered by "38". Each summand has 1 to `digits` digits, their number and each of them
 * drawn evenly, zeros in front left out; with `reverse` 1 the input is read backwards, "7+13", which brings the last digits near.
 *
 * Zaremba and Sutskever 2014 ("Learning to execute", arXiv 1410.4615); in this form the example addition_rnn of Keras (2 digits:
 * 99 % of answers right), except that inputs are padded and not answered in spaces.
 */
export const additionTask: TaskDefinition<'digits' | 'reverse'> = {
  name: 'addition',
  description: 'Add two numbers, digit by digit.',
  source: 'Zaremba and Sutskever 2014, arXiv 1410.4615; Keras addition_rnn',
  kind: answerKind,
  options: {
    digits: { default: 2, min: 1, max: 5, integer: true, about: 'digits of a summand, at most' },
    reverse: { default: 1, min: 0, max: 1, integer: true, about: '1 reads the sum backwards' },
  },
  shape: () => answerShape(symbols()),
  generate: (rng, batch, values) => {
    const { digits, reverse } = taskOptions(additionTask, values);
    const pairs = Array.from({ length: batchOf('addition', batch) }, () => pair(rng, digits, reverse === 1));
    return answerBatch(pairs, symbols(), 2 * digits + 1, digits + 2);
  },
  baseline: (values) => positionLoss(sums(taskOptions(additionTask, values).digits)),
  floor: () => 0,
};

function symbols(): PairSymbols {
  const digits = [...'0123456789'];
  return { input: ['', ...digits, '+'], answer: ['', ...digits] };
}

function pair(rng: Rng, digits: number, reverse: boolean): Pair {
  const [a, b] = [summand(rng, digits), summand(rng, digits)];
  const input = `${a}+${b}`;
  return { input: reverse ? [...input].reverse().join('') : input, answer: String(a + b) };
}

function summand(rng: Rng, digits: number): number {
  return rng.integer(10 ** (1 + rng.integer(digits)));
}

// A summand of k digits is even on [0, 10^k), so that the sum of one of j and one of k digits has a trapezoid of chances.
function* sums(digits: number): Generator<readonly [string, number]> {
  for (let sum = 0; sum <= 2 * (10 ** digits - 1); sum++) {
    let chance = 0;
    for (let j = 1; j <= digits; j++) {
      for (let k = 1; k <= digits; k++) {
        const [a, b] = [10 ** j, 10 ** k];
        chance += Math.max(0, Math.min(sum, a - 1) - Math.max(0, sum - b + 1) + 1) / (a * b * digits ** 2);
      }
    }
    yield [String(sum), chance];
  }
}
