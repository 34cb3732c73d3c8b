// Many to many, aligned: an answer at every step. Both directions are read, so an answer may depend on what comes later.
// Learns to mark the digits that are larger than all before them or than all behind them.
import { Rng } from '@unroll/datasets';
import { Embedding, GRU, Linear, Module } from '@unroll/layers';
import { argmax, equal, manualSeed, mean, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit } from '@unroll/train';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
manualSeed(1);

class Tagger extends Module {
  embedding = new Embedding(10, 16);
  rnn = new GRU(16, 32, { bidirectional: true });
  head = new Linear(64, 2);

  forward(digits: Tensor): Tensor {
    const [output] = this.rnn.forward(this.embedding.forward(digits));
    return this.head.forward(output);
  }
}

const rng = new Rng(1);
function makeBatch(rows: number): { inputs: Tensor; targets: Tensor } {
  const sequences = Array.from({ length: rows }, () => Array.from({ length: 10 }, () => rng.integer(10)));
  const isPeak = (row: readonly number[], t: number): boolean => [row.slice(0, t), row.slice(t + 1)].some((others) => others.every((digit) => digit < (row[t] as number)));
  const columns = (value: (row: readonly number[], t: number) => number): Tensor => tensor(Array.from({ length: 10 }, (_, t) => sequences.map((row) => value(row, t))), { dtype: 'int32' });
  return { inputs: columns((row, t) => row[t] as number), targets: columns((row, t) => Number(isPeak(row, t))) };
}

const model = new Tagger();
const batches = Array.from({ length: 400 }, () => makeBatch(32));
for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adam({ lr: 0.01 }) })) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const { inputs, targets } = makeBatch(500);
/** Share of the steps of new sequences that are marked right. */
export const accuracy: number = await scope(() => mean(equal(argmax(model.forward(inputs), { axis: -1 }), targets))).item();
console.log(`right: ${accuracy.toFixed(3)}`);
