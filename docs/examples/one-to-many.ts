// One to many: one symbol in, a sequence of unknown length out. Trained as a language model, run by greedy decoding.
// Learns to spell the digits.
import { characterVocabulary } from '@unroll/datasets';
import { Embedding, GRU, Linear, Module } from '@unroll/layers';
import { decodeStep, greedyDecode } from '@unroll/recipes';
import { manualSeed, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit } from '@unroll/train';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
manualSeed(1);

const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const lines = words.map((word, digit) => `${digit}${word}`.padEnd(7, '.'));      // 0zero.. 1one... 2two...
const vocabulary = characterVocabulary(lines.join(''));
// Time comes first: the symbols of all lines at place 0, then those at place 1. What follows each symbol is its target.
const columns = Array.from({ length: 7 }, (_, t) => lines.map((line) => line[t]).join(''));
const [inputs, targets] = [columns.slice(0, 6), columns.slice(1)].map((part) => vocabulary.encode(part.join(''))) as [Int32Array, Int32Array];
const batches = Array.from({ length: 150 }, () => ({ inputs, targets, shape: [6, 10], reset: true }));

class Speller extends Module {
  embedding = new Embedding(vocabulary.size, 16);
  rnn = new GRU(16, 32);
  head = new Linear(32, vocabulary.size);

  forward(ids: Tensor, state?: Tensor): readonly [Tensor, Tensor] {
    const [output, next] = this.rnn.forward(this.embedding.forward(ids), state);
    return [this.head.forward(output), next];
  }
}

const model = new Speller();
for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adam({ lr: 0.02 }) })) {
  if (step % 50 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const [end = 0] = vocabulary.encode('.');
const rows = await greedyDecode(decodeStep(model), { start: vocabulary.encode('0123456789'), state: undefined, end, maxLength: 10 });
export const spelled: readonly string[] = rows.map(({ ids }) => vocabulary.decode(ids));
console.log(spelled.join(' '));
