import { valueAndGrad } from '@unroll/autograd';
import { checkGradients } from '@unroll/autograd/check';
import { cells } from '@unroll/cells';
import { AdditiveAttention, Decoder, DotAttention, Encoder, EncoderDecoder, type Attention, type Module } from '@unroll/layers';
import { Generator, normal, reference, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { weightedSum } from './layers.ts';

// Gradients through attention and the encoder-decoder, in float64 on the reference backend.

use(reference());

const options = { dtype: 'float64', generator: new Generator(4) } as const;
const attentions: readonly [name: string, make: () => Attention][] = [
  ['dot', () => new DotAttention(3)],
  ['general', () => new DotAttention(2, 3, { score: 'general', ...options })],
  ['additive', () => new AdditiveAttention(2, 3, { attentionSize: 4, ...options })],
];

describe.each(attentions)('%s attention', (_, make) => {
  test.each([
    ['everything', {}],
    ['lengths', { lengths: [4, 1] }],
    ['a mask with an empty row', { mask: [[0, 0], [1, 0], [0, 0], [1, 0]] }],
  ])('gradients by query, memory and parameters are those of differences: %s', async (_, masks) => {
    const attention = make();
    const [query, several, read] = [[2, attention.querySize], [3, 2, attention.querySize], [4, 2, 3]].map((shape) => normal(shape, options)) as [Tensor, Tensor, Tensor];
    for (const asked of [query, several]) {
      await checkGradients((q: Tensor, m: Tensor) => attention.forward(q, m, masks), [asked, read]);
      await expectSlopes(attention, () => weightedSum({ ...attention.forward(asked, read, masks) }));
    }
  });
});

describe.each(Object.values(cells))('an encoder-decoder over $name', (cell) => {
  test.each<[string, boolean, (() => Attention) | undefined]>([
    ['plain', false, undefined],
    ['bidirectional, dot attention', true, () => new DotAttention(3, 6, { score: 'general', ...options })],
    ['additive attention', false, () => new AdditiveAttention(3, 3, options)],
  ])('gradients are those of differences: %s', async (_, bidirectional, attention) => {
    const decoder = new Decoder(cell, 5, 2, 3, { ...(attention === undefined ? {} : { attention: attention() }), ...options });
    const model = new EncoderDecoder(new Encoder(cell, 4, 2, 3, { bidirectional, ...options }), decoder, { start: 0, ...options });
    const source = tensor([[1, 2], [3, 0], [2, 2]], { dtype: 'int32' });
    const targets = tensor([[1, 2], [4, 3]], { dtype: 'int32' });
    await expectSlopes(model, () => weightedSum({ logits: model.forward(source, targets, { lengths: [2, 3] }) }));
  });
});

/** The gradient by each parameter, along a direction without pattern, is that of differences: (8 f(h) − 8 f(−h) − f(2h) + f(−2h)) / 12h. */
async function expectSlopes(module: Module, loss: () => Tensor): Promise<void> {
  const parameters = Object.entries(module.parameters());
  if (parameters.length === 0) return;
  const { value, gradients } = valueAndGrad(module, loss)();
  const errors: Record<string, number> = {};
  for (const [name, parameter] of parameters) {
    const [data, gradient] = [Float64Array.from(await parameter.data()), await (gradients[name] as Tensor).data()];
    const direction = data.map((_, k) => Math.cos(1 + 2.3 * k) + 0.1);
    const assign = (values: Float64Array): void => scope(() => parameter.assign(tensor(values, { shape: parameter.shape, dtype: 'float64' })));
    const at = async (change: number): Promise<number> => {
      assign(data.map((number, k) => number + change * (direction[k] as number)));
      const moved = scope(loss);
      const number = await moved.item();
      moved.dispose();
      return number;
    };
    const h = 3e-5;
    const numeric = (8 * (await at(h)) - 8 * (await at(-h)) - (await at(2 * h)) + (await at(-2 * h))) / (12 * h);
    const analytic = direction.reduce((total, part, k) => total + part * (gradient[k] as number), 0);
    errors[name] = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric));
    assign(data);
  }
  for (const made of [value, ...Object.values(gradients)]) made.dispose();
  expect(Object.entries(errors).filter(([, error]) => !(error < 1e-7))).toEqual([]);
}
