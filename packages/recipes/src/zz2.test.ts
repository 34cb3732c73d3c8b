import { readFileSync } from 'node:fs';
import { wasm } from '../../wasm/src/index.ts';
import { readSafetensors } from '../../interop/src/index.ts';
import { cast, reference, tensor, use, type Tensor } from '@unroll/tensor';
import { characterVocabulary, TextStreams } from '@unroll/datasets';
import { adam, crossEntropy, fit, rmsprop, sgd } from '@unroll/train';
import { test } from 'vitest';
import { TextModel, textRunConfig } from './index.ts';
use(await wasm());
const text = readFileSync('/work/shared/data/tinyshakespeare.txt', 'utf8');
test.each([['lstm-adam', 'lstm', () => adam({ lr: 2e-3 })], ['gru-sgd', 'gru', () => sgd({ lr: 0.5, momentum: 0.9, nesterov: true })], ['rnn-rmsprop', 'rnn', () => rmsprop({ lr: 1e-3 })]] as const)('%s', async (name, cell, make) => {
  const file = readSafetensors(readFileSync(`/work/shared/fixtures/trajectory/${name}.safetensors`));
  const f32 = (n: string): Float32Array<ArrayBuffer> => new Float32Array(Uint8Array.from(file.tensors.get(n)!.data).buffer);
  const vocabulary = characterVocabulary(text);
  const config = textRunConfig({ cell, hidden: 64, layers: 2, embedding: 32, batch: 8, length: 32 });
  const dtype = (process.env.DT ?? 'float32') as 'float32';
  const model = new TextModel(config, vocabulary.size, { dtype });
  const own: Record<string, Tensor> = {};
  for (const n of Object.keys(model.stateDict())) own[n] = cast(tensor(f32(n), { shape: file.tensors.get(n)!.shape }), dtype);
  model.loadStateDict(own);
  const ids = vocabulary.encode(text).subarray(0, 100000);
  const streams = new TextStreams(ids, { batch: 8, length: 32 });
  const [loss, norm] = [f32('loss'), f32('grad_norm')];
  const start = performance.now();
  for await (const p of fit(model, streams, { loss: crossEntropy, optimizer: make(), clipNorm: 1, steps: Number(process.env.N ?? 10) })) {
    const rel = (a: number, b: number): string => (Math.abs(a - b) / b).toExponential(2);
    if ([1, 2, 5, 10, 20, 50, 100, 200].includes(p.step)) process.stdout.write(`${name} ${p.step} loss ${p.loss} ${rel(p.loss, loss[p.step - 1] as number)} norm ${p.gradNorm} ${rel(p.gradNorm ?? 0, norm[p.step - 1] as number)} ${Math.round(performance.now() - start)}ms\n`);
  }
}, 600000);
