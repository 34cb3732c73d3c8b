// A label per sequence: which language a word is from, by its letters. Words come as one file a class, a word a line.
import { characterVocabulary, linesByClass, lineSet } from '@unroll/datasets';
import { classify, evaluate, train } from '@unroll/recipes';
import { use } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
const files = [
  { name: 'Italian.txt', text: 'amore giorno notte bello bambino ragazza libro strada piazza vento cielo mattina sera lavoro tempo fuoco acqua terra mare sole luna stella fiore albero montagna' },
  { name: 'German.txt', text: 'liebe tag nacht schön kind mädchen buch straße platz wind himmel morgen abend arbeit zeit feuer wasser erde meer sonne mond stern blume baum berg' },
].map(({ name, text }) => ({ name, text: text.replaceAll(' ', '\n') }));
const words = linesByClass(files);

const run = classify.create(lineSet(words, characterVocabulary(words.lines.join(''))), { cell: 'gru', bidirectional: true, hidden: 16, epochs: 30, batch: 8, lr: 0.01, holdout: 0.3 });
for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(`step ${progress.step}: ${progress.accuracy} right`);
/** Share of words that were held out, by the best weights. */
export const accuracy: number = (await evaluate(run)).accuracy ?? 0;
export const found: readonly string[] = (await classify.predict(run, ['primavera', 'frühling'])).map(({ label }) => label);
console.log(accuracy, found);
