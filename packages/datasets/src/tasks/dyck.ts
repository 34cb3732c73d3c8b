import type { SequenceKind } from '../sequences.ts';
import type { Rng } from '../rng.ts';
import { batchOf, taskOptions, unfit, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'step' };
const brackets = '()[]{}<>';

/**
 * Dyck words: strings of balanced brackets of some kinds, nested up to a depth. At each step the innermost bracket that is still
 * open is asked for, 0 for none: it decides which symbols may follow, which is how Suzgun, Gehrmann, Belinkov and Shieber 2019
 * (arXiv 1911.03329) and Hewitt, Hahn, Ganguli, Liang and Manning 2020 (arXiv 2010.07515, bounded depth) ask.
 *
 * A step opens or closes with equal chance; it must open at depth 0 and close at the largest depth or where the steps that are left
 * are just enough to close all. Kinds are drawn evenly. Without memory an opening bracket is known, and of a closing one only how
 * probable it is, at that step, that something is open still.
 */
export const dyckTask: TaskDefinition<'length' | 'kinds' | 'depth'> = {
  name: 'dyck',
  description: 'Tell which bracket is to be closed next.',
  source: 'Suzgun et al. 2019, arXiv 1911.03329; bounded depth as in Hewitt et al. 2020, arXiv 2010.07515',
  kind,
  options: {
    length: { default: 40, min: 2, max: 2000, integer: true, about: 'steps of a sequence, even' },
    kinds: { default: 2, min: 1, max: 4, integer: true, about: 'kinds of brackets' },
    depth: { default: 4, min: 1, max: 50, integer: true, about: 'brackets open at once, at most' },
  },
  shape: (values) => {
    const { kinds } = taskOptions(dyckTask, values);
    const symbols = [...brackets.slice(0, 2 * kinds)];
    return { ...kind, inputSize: 2 * kinds, targetSize: kinds + 1, inputSymbols: symbols, targetSymbols: ['none', ...symbols.filter((_, id) => id % 2 === 0)] };
  },
  generate: (rng, batch, values) => {
    const { length, kinds, depth } = checked(values);
    const inputs = new Int32Array(length * batchOf('dyck', batch));
    const targets = new Int32Array(length * batch);
    for (let b = 0; b < batch; b++) {
      const open: number[] = [];
      for (let t = 0; t < length; t++) {
        inputs[t * batch + b] = step(rng, open, length - t, kinds, depth);
        targets[t * batch + b] = 1 + (open.at(-1) ?? -1);
      }
    }
    return { inputs, inputShape: [length, batch], targets, targetShape: [length, batch] };
  },
  baseline: (values) => {
    const { length, kinds, depth } = checked(values);
    // chances[d]: probability of depth d before step t.
    let chances = new Float64Array(depth + 1).fill(1, 0, 1);
    let total = 0;
    for (let t = 0; t < length; t++) {
      const next = new Float64Array(depth + 1);
      const closed = new Float64Array(depth + 1);
      chances.forEach((chance, d) => {
        const opening = openingChance(d, length - t, depth);
        if (d < depth) next[d + 1] = (next[d + 1] as number) + chance * opening;
        if (d > 0) closed[d - 1] = (closed[d - 1] as number) + chance * (1 - opening);
      });
      total += closingLoss(closed, kinds);
      chances = next.map((chance, d) => chance + (closed[d] as number));
    }
    return total / length;
  },
  floor: () => 0,
};

function checked(values: Parameters<typeof dyckTask.generate>[2]): ReturnType<typeof taskOptions<'length' | 'kinds' | 'depth'>> {
  const options = taskOptions(dyckTask, values);
  if (options.length % 2 === 1) throw unfit('dyck', `balanced brackets have an even length, got ${options.length}`);
  return options;
}

// The next bracket: kind k opens as 2k and closes as 2k + 1.
function step(rng: Rng, open: number[], left: number, kinds: number, depth: number): number {
  const opening = openingChance(open.length, left, depth);
  if (opening === 1 || (opening > 0 && rng.integer(2) === 0)) {
    open.push(rng.integer(kinds));
    return 2 * (open.at(-1) as number);
  }
  return 2 * (open.pop() as number) + 1;
}

function openingChance(open: number, left: number, depth: number): number {
  if (open === 0) return 1;
  return open === depth || open === left ? 0 : 1 / 2;
}

// With p the probability that a closing bracket closes the outermost: H(p) + (1 - p) ln(kinds), times that of a closing bracket.
function closingLoss(closed: Float64Array, kinds: number): number {
  const all = closed.reduce((sum, chance) => sum + chance, 0);
  const none = closed[0] as number;
  return surprise(none, all) + surprise(all - none, all) + (all - none) * Math.log(kinds);
}

function surprise(part: number, all: number): number {
  return part > 0 ? part * Math.log(all / part) : 0;
}
