// A label per step: which rows of a measurement belong to a rise, from a table with a label in each row. Both directions are read.
import { parseCsv, tableSequences } from '@unroll/datasets';
import { evaluate, tag, train } from '@unroll/recipes';
import { use } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
const rows = Array.from({ length: 1200 }, (_, row) => {
  const [walk, t] = [Math.floor(row / 24), row % 24];
  const value = Math.sin((t + walk * 5) / 2.5) + 0.2 * Math.sin(row * 12.9898);
  return `${walk},${value.toFixed(3)},${Math.cos((t + walk * 5) / 2.5) > 0 ? 'rise' : 'fall'}`;
});
const table = await parseCsv(['walk,height,slope', ...rows].join('\n'), 'walks.csv', { types: { walk: 'category' } });

const run = tag.create(tableSequences(table, { by: 'walk', label: 'slope', per: 'step' }), { cell: 'gru', bidirectional: true, hidden: 16, epochs: 30, batch: 8, lr: 0.01 });
for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(`step ${progress.step}: ${progress.accuracy} right`);
/** Share of steps of walks that were held out, by the best weights. */
export const accuracy: number = (await evaluate(run)).accuracy ?? 0;
const [walk] = await tag.predict(run, [[0.1, 0.6, 0.9, 1, 0.8, 0.3, -0.2]]);
console.log(accuracy, walk?.labels);
