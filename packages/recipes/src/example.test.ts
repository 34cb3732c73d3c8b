import { TextStreams } from '@unroll/datasets';
import { Embedding, Linear, LSTM, Module, type LSTMState } from '@unroll/layers';
import { Generator, reference, use, type Tensor } from '@unroll/tensor';
import { adamw, crossEntropy, fit } from '@unroll/train';
import { expect, test } from 'vitest';

// The example that the public API is measured by: no more ceremony than this.

use(reference());

class CharModel extends Module {
  embedding = new Embedding(5, 8, { generator: new Generator(1) });
  rnn = new LSTM(8, 16, { numLayers: 2, dropout: 0.1, generator: new Generator(2) });
  head = new Linear(16, 5, { generator: new Generator(3) });

  forward(tokens: Tensor, state?: LSTMState) {
    const [y, next] = this.rnn.forward(this.embedding.forward(tokens), state);
    return [this.head.forward(y), next] as const;
  }
}

test('a model of one\'s own learns through fit', async () => {
  const model = new CharModel();
  const ids = Int32Array.from({ length: 400 }, (_, k) => [0, 1, 2, 3, 4, 3, 2, 1][k % 8] as number);
  const batches = new TextStreams(ids, { batch: 2, length: 12 });
  const losses: number[] = [];
  for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adamw({ lr: 2e-2 }), clipNorm: 1, truncate: 6 })) {
    losses.push(loss);
    if (step === 150) break;
  }
  expect(losses[0]).toBeGreaterThan(1.4);
  expect(losses.at(-1)).toBeLessThan(0.1);
});
