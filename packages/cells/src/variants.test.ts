import { evaluator, input, sharing, text, type Expr } from '@unroll/expr';
import { describe, expect, test } from 'vitest';
import { activation, activations, CellError, cells, gruWith, latexOf, lstmWith, rnnWith, textOf, withClip, type ActivationName, type Cell } from './index.ts';

const spelled = (cell: Cell): Record<string, string> => {
  const share = sharing();
  return Object.fromEntries(cell.values.map(({ name, value }) => [name, text(share(value))]));
};

describe('forms of ONNX', () => {
  test('without options they are the cells that PyTorch has', () => {
    expect(spelled(rnnWith())).toEqual(spelled(cells.rnn));
    expect(spelled(rnnWith({ activation: 'relu' }))).toEqual(spelled(cells['rnn-relu']));
    expect(spelled(gruWith())).toEqual(spelled(cells.gru));
    expect(spelled(gruWith({ resetAfter: false }))).toEqual(spelled(cells['gru-original']));
    expect(spelled(lstmWith())).toEqual(spelled(cells.lstm));
  });

  test('options together: coupled peepholes, clipping, one activation for each kind of gate', () => {
    const cell = lstmWith({ activations: ['hardSigmoid', { name: 'leakyRelu', alpha: 0.1 }, 'softsign'], peepholes: true, coupled: true, clip: 3 });
    expect(textOf(cell)).toBe([
      'name lstm (peepholes; coupled; clip 3; hardSigmoid, leakyRelu 0.1, softsign)',
      'source ONNX, operator LSTM',
      'state h, c',
      'vector p_i, p_o',
      'i = hardsigmoid(clip(W_i x + R_i h + p_i * c + b_i, -3, 3))',
      'f = 1 - i',
      'g = leakyrelu(clip(W_g x + R_g h + b_g, -3, 3), 0.1)',
      'c = f * c + i * g',
      'o = hardsigmoid(clip(W_o x + R_o h + p_o * c + b_o, -3, 3))',
      'h = o * softsign(c)',
      '',
    ].join('\n'));
    expect(cell.inputGates).toEqual(['i', 'g', 'o']);
  });

  test('the name tells forms apart, unless a name is given', () => {
    expect(gruWith({ resetAfter: false }).name).toBe('gru (reset before; sigmoid, tanh)');
    expect(rnnWith({ activation: { name: 'affine', alpha: 2, beta: 1 }, clip: 1 }).name).toBe('rnn (clip 1; affine 2 1)');
    expect(lstmWith({ name: 'mine', source: 'a paper' })).toMatchObject({ name: 'mine', source: 'a paper' });
  });

  test.each([0, -1, Infinity, Number.NaN])('clip %s is refused', (clip) => {
    expect(() => lstmWith({ clip })).toThrow(new CellError(`clip must be a number above 0, got ${clip}.`));
    expect(() => withClip(cells.gru, clip)).toThrow(CellError);
  });

  test('an unknown activation function is refused', () => {
    expect(() => rnnWith({ activation: 'gelu' as ActivationName })).toThrow('there is no activation function "gelu"; there are sigmoid, tanh, relu,');
  });
});

describe('withClip', () => {
  // ONNX bounds what goes into the gates, not the cell state on its way out.
  test.each([
    ['lstm', lstmWith({ clip: 3 }), cells.lstm],
    ['lstm with peepholes', lstmWith({ clip: 3, peepholes: true }), cells['lstm-peephole']],
    ['lstm with other activations', lstmWith({ clip: 3, activations: ['hardSigmoid', 'softplus', 'elu'] }), lstmWith({ activations: ['hardSigmoid', 'softplus', 'elu'] })],
    ['gru', gruWith({ clip: 3 }), cells.gru],
    ['gru-original', gruWith({ clip: 3, resetAfter: false }), cells['gru-original']],
    ['scaled', rnnWith({ clip: 3, activation: { name: 'scaledTanh', alpha: 1.7, beta: 0.6 } }), rnnWith({ activation: { name: 'scaledTanh', alpha: 1.7, beta: 0.6 } })],
  ])('gives any cell what the form of ONNX has: %s', (_, expected, cell) => {
    expect(spelled(withClip(cell, 3))).toEqual(spelled(expected));
  });

  test('finds the inputs of gates behind norms and exponents', () => {
    expect(latexOf(withClip(cells['lstm-layernorm'], 2))).toContain(String.raw`\sigma(\operatorname{clip}(\mathrm{gain}_{\mathrm{wi}} \odot \operatorname{layernorm}(W_{ii} x_t)`);
    expect(textOf(withClip(cells.slstm, 2)).split('\n').filter((line) => line.includes('clip('))).toEqual([
      'input = clip(W_i x + R_i h + b_i, -2, 2)',
      'memory = select(equal(n, 0), -1e+30, logsigmoid(clip(W_f x + R_f h + b_f, -2, 2)) + m)',
      'z = tanh(clip(W_z x + R_z h + b_z, -2, 2))',
      'o = sigmoid(clip(W_o x + R_o h + b_o, -2, 2))',
    ]);
    expect(textOf(withClip(cells.mingru, 2))).toContain('n = W_n x + b_n');
  });
});

describe('activation functions', () => {
  const points = [-30, -3, -2.5, -1, -0.3, 0, 0.3, 1, 2.5, 3, 30, 800, -800];
  // Each as the operator's documentation has it, in plain numbers.
  const meanings: Readonly<Record<ActivationName, (a: number, alpha: number, beta: number) => number>> = {
    sigmoid: (a) => 1 / (1 + Math.exp(-a)),
    tanh: (a) => Math.tanh(a),
    relu: (a) => Math.max(0, a),
    affine: (a, alpha, beta) => alpha * a + beta,
    leakyRelu: (a, alpha) => (a >= 0 ? a : alpha * a),
    thresholdedRelu: (a, alpha) => (a > alpha ? a : 0),
    scaledTanh: (a, alpha, beta) => alpha * Math.tanh(beta * a),
    hardSigmoid: (a, alpha, beta) => Math.min(Math.max(alpha * a + beta, 0), 1),
    kerasHardSigmoid: (a, alpha, beta) => Math.min(Math.max(alpha * a + beta, 0), 1),
    elu: (a, alpha) => (a >= 0 ? a : alpha * (Math.exp(a) - 1)),
    softsign: (a) => a / (1 + Math.abs(a)),
    softplus: (a) => (a > 100 ? a : Math.log1p(Math.exp(a))),
  };
  const valueAt = (graph: Expr, a: number): number => {
    const machine = evaluator([graph], ['a']);
    machine.inputs[0] = a;
    return machine.run()[0] as number;
  };

  test.each(Object.keys(activations) as ActivationName[])('%s', (name) => {
    const { alpha: alphaByDefault = 1, beta: betaByDefault = 1 } = activations[name];
    for (const a of points) {
      expect(valueAt(activation(name)(input('a')), a)).toBeCloseTo(meanings[name](a, alphaByDefault, betaByDefault), 12);
      expect(valueAt(activation({ name, alpha: 0.7, beta: 0.4 })(input('a')), a)).toBeCloseTo(meanings[name](a, 0.7, 0.4), 12);
    }
  });

  test('defaults are those of ONNX, and of Keras 3 for its own', () => {
    expect(activations.hardSigmoid).toMatchObject({ alpha: 0.2, beta: 0.5 });
    expect(activations.kerasHardSigmoid).toMatchObject({ alpha: 1 / 6, beta: 0.5 });
    expect([activations.leakyRelu.alpha, activations.elu.alpha, activations.thresholdedRelu.alpha]).toEqual([0.01, 1, 1]);
  });
});
