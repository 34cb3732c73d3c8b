// One to one: an input of fixed size to one answer. No recurrence is needed, only a module and `fit`.
// Learns whether four bits hold an odd number of ones.
import { Linear, Module } from '@unroll/layers';
import { argmax, equal, manualSeed, mean, scope, tanh, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit } from '@unroll/train';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
manualSeed(1);

class Parity extends Module {
  hidden = new Linear(4, 16);
  head = new Linear(16, 2);

  forward(bits: Tensor): Tensor {
    return this.head.forward(tanh(this.hidden.forward(bits)));
  }
}

const patterns = Array.from({ length: 16 }, (_, n) => [0, 1, 2, 3].map((place) => (n >> place) & 1));
const inputs = tensor(patterns);
const targets = tensor(patterns.map((bits) => bits.reduce((a, b) => a ^ b)), { dtype: 'int32' });
const batches = Array.from({ length: 300 }, () => ({ inputs, targets }));

const model = new Parity();
for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adam({ lr: 0.03 }) })) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

/** Share of the sixteen patterns that are answered right. */
export const accuracy: number = await scope(() => mean(equal(argmax(model.forward(inputs), { axis: -1 }), targets))).item();
console.log(`right: ${accuracy.toFixed(3)}`);
