// Sequences to sequences of another length: dates as people write them to dates as machines do, with attention.
import { pairSet, pairSymbols, Rng } from '@unroll/datasets';
import { evaluate, train, translate } from '@unroll/recipes';
import { use } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
const rng = new Rng(1);
const two = (number: number): string => String(number).padStart(2, '0');
const pairs = Array.from({ length: 600 }, () => {
  const [day, month, year] = [1 + rng.integer(28), 1 + rng.integer(12), 10 + rng.integer(20)];
  return { input: `${day}.${month}.${year}`, answer: `20${year}-${two(month)}-${two(day)}` };
});

const run = translate.create(pairSet(pairs, pairSymbols(pairs)), { cell: 'gru', hidden: 32, embedding: 16, batch: 32, epochs: 20, lr: 0.01 });
for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(`step ${progress.step}: ${progress.exact} of the answers right`);
/** Share of new dates that come out right from the first symbol to the last. */
export const exact: number = (await evaluate(run)).exact;
export const found: readonly string[] = (await translate.predict(run, ['3.11.26'], { beams: 3 })).map(({ text }) => text);
console.log(exact, found);
