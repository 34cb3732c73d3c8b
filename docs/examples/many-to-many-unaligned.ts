// Many to many, unaligned: an encoder reads, then a decoder writes a sequence of another length. Teacher forcing in training, then
// greedy and beam search; without attention, and with both kinds. Learns to say words of two to five symbols backwards.
import { valueAndGrad } from '@unroll/autograd';
import { gru } from '@unroll/cells';
import { Rng } from '@unroll/datasets';
import { AdditiveAttention, Decoder, DotAttention, Encoder, EncoderDecoder, type DecoderOptions } from '@unroll/layers';
import { beamSearch, greedyDecode } from '@unroll/recipes';
import { manualSeed, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, clipGradNorm, crossEntropy } from '@unroll/train';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
manualSeed(1);
const [rng, start, end, ignored] = [new Rng(1), 0, 1, -100];

function makeBatch(rows: number): { words: number[][]; lengths: number[]; source: Tensor; targets: Tensor } {
  const words = Array.from({ length: rows }, () => Array.from({ length: 2 + rng.integer(4) }, () => 2 + rng.integer(6)));
  const backwards = words.map((ids) => [...ids.toReversed(), end]);
  const columns = (list: number[][], time: number, padding: number): Tensor =>
    tensor(Array.from({ length: time }, (_, t) => list.map((ids) => ids[t] ?? padding)), { dtype: 'int32' });
  return { words, lengths: words.map(({ length }) => length), source: columns(words, 5, 0), targets: columns(backwards, 6, ignored) };
}

/** Share of new words that come out right after 250 updates. */
async function learn(options: DecoderOptions): Promise<{ greedy: number; beam: number }> {
  const model = new EncoderDecoder(new Encoder(gru, 8, 16, 32, { bidirectional: true }), new Decoder(gru, 8, 16, 64, options), { start });
  const optimizer = adam({ lr: 0.01 });
  for (let step = 0; step < 250; step++) {
    scope(() => {
      const { source, targets, lengths } = makeBatch(32);
      const { gradients } = valueAndGrad(model, () => crossEntropy(model.forward(source, targets, { lengths }), targets))();
      clipGradNorm(gradients, 1);
      optimizer.step(model.parameters(), gradients);
    });
  }
  const { words, source, lengths } = makeBatch(100);
  const from = { start: words.map(() => start), state: model.encode(source, { lengths }), end, maxLength: 10 };
  const greedy = (await greedyDecode((ids, state) => model.step(ids, state), from)).map(({ ids }) => ids);
  const beam = (await beamSearch((ids, state) => model.step(ids, state), { ...from, beams: 3 })).map(([best]) => best?.ids ?? []);
  const share = (found: readonly (readonly number[])[]): number => found.filter((ids, row) => ids.join() === words[row]?.toReversed().join()).length / words.length;
  return { greedy: share(greedy), beam: share(beam) };
}

const attentions = { none: {}, dot: { attention: new DotAttention(64) }, additive: { attention: new AdditiveAttention(64, 64, { attentionSize: 32 }) } };
export const right: Record<string, { greedy: number; beam: number }> = {};
for (const [name, options] of Object.entries(attentions)) console.log(name, (right[name] = await learn(options)));
