// Many to one: a sequence of any length to one answer. The answer is read from the output after each row's own last step.
// Learns whether up to twelve bits hold an odd number of ones.
import { Rng } from '@unroll/datasets';
import { Embedding, Linear, LSTM, Module } from '@unroll/layers';
import { argmax, equal, manualSeed, mean, notEqual, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit } from '@unroll/train';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
manualSeed(1);
const [time, padding] = [12, 2];

class Parity extends Module {
  embedding = new Embedding(3, 8);
  rnn = new LSTM(8, 16, { returnSequences: false });
  head = new Linear(16, 2);

  forward(bits: Tensor): Tensor {
    const [last] = this.rnn.forward(this.embedding.forward(bits), undefined, { mask: notEqual(bits, padding) });
    return this.head.forward(last);
  }
}

const rng = new Rng(1);
function makeBatch(rows: number): { inputs: Tensor; targets: Tensor } {
  const sequences = Array.from({ length: rows }, () => Array.from({ length: 1 + rng.integer(time) }, () => rng.integer(2)));
  const inputs = Array.from({ length: time }, (_, t) => sequences.map((bits) => bits[t] ?? padding));
  return { inputs: tensor(inputs, { dtype: 'int32' }), targets: tensor(sequences.map((bits) => bits.reduce((a, b) => a ^ b)), { dtype: 'int32' }) };
}

const model = new Parity();
const batches = Array.from({ length: 400 }, () => makeBatch(64));
for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adam({ lr: 0.02 }), clipNorm: 1 })) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const { inputs, targets } = makeBatch(500);
/** Share of new sequences that are answered right. */
export const accuracy: number = await scope(() => mean(equal(argmax(model.forward(inputs), { axis: -1 }), targets))).item();
console.log(`right: ${accuracy.toFixed(3)}`);
