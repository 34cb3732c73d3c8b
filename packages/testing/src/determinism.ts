import { valueAndGrad } from '@unroll/autograd';
import { cells } from '@unroll/cells';
import { Embedding, Linear, Module, Recurrent } from '@unroll/layers';
import { Generator, logSoftmax, mean, mul, scope, square, sub, tensor, use, type Backend, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';

/**
 * What a few steps of learning leave, as one number: of every cell, in two layers and two directions, with lengths and dropout. A backend
 * whose results have the same bits everywhere has this one, on every engine, on any number of threads. To change it is to change results:
 * then every engine has to give the new one.
 */
const expected = 'ad140b95';

/** A backend has the bits that it has everywhere else. */
export function determinismSuite(name: string, create: () => Promise<Backend>): void {
  test(`${name} has the same bits everywhere`, async () => {
    const before = use(await create());
    try {
      expect(await fingerprint()).toBe(expected);
    } finally {
      use(before);
    }
  });
}

async function fingerprint(): Promise<string> {
  let hash = 0x811c9dc5;
  for (const cell of Object.values(cells)) {
    using model = new Tagger(cell);
    for (const data of await learned(model)) hash = fnv(hash, data);
  }
  return hash.toString(16).padStart(8, '0');
}

const [T, B, V] = [9, 13, 11];

class Tagger extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly head: Linear;

  constructor(cell: (typeof cells)[keyof typeof cells]) {
    super();
    const generator = new Generator(7);
    this.embedding = new Embedding(V, 10, { generator });
    this.rnn = new Recurrent(cell, 10, 20, { numLayers: 2, bidirectional: true, dropout: 0.1, generator });
    this.head = new Linear(40, V, { generator });
  }

  forward(ids: Tensor): Tensor {
    const lengths = Array.from({ length: B }, (_, row) => 1 + ((row * 5) % T));
    return logSoftmax(this.head.forward(this.rnn.forward(this.embedding.forward(ids), undefined, { lengths })[0]));
  }
}

async function learned(model: Tagger): Promise<Uint8Array[]> {
  const ids = tensor(Int32Array.from({ length: T * B }, (_, k) => (k * 7 + (k % 5)) % V), { shape: [T, B] });
  const lossAndGradients = valueAndGrad(model, () => mean(square(model.forward(ids))));
  const losses: Tensor[] = [];
  for (let step = 0; step < 3; step++) {
    losses.push(scope(() => {
      const { value, gradients } = lossAndGradients();
      for (const [name, parameter] of Object.entries(model.parameters())) parameter.assign(sub(parameter, mul(gradients[name] as Tensor, 0.05)));
      return value;
    }));
  }
  const results = await Promise.all([...losses, ...Object.values(model.parameters())].map((result) => result.data()));
  for (const result of [...losses, ids]) result.dispose();
  return results.map((data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

// FNV-1a
function fnv(start: number, bytes: Uint8Array): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
