import { checkStep, differentiate, text } from '@unroll/expr';
import { expect, test } from 'vitest';
import { cells, defineCell, latexOf, stepOf } from './index.ts';

test.each(Object.entries(cells))('%s is registered under its own name and its step is sound', (name, cell) => {
  expect(cell.name).toBe(name);
  expect(() => checkStep(stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true }))).not.toThrow();
});

// What each backward pass needs of the forward values: the lists that hand-written kernels arrive at.
const keptValues: Readonly<Record<keyof typeof cells, readonly string[]>> = {
  'rnn': ['h.before'],
  'rnn-relu': ['h.before'],
  'gru': ['h.before', 'r', 'z', 'n', 'dot'],
  'gru-original': ['h.before', 'r', 'z', 'n'],
  'lstm': ['h.before', 'c.before', 'i', 'f', 'g', 'o', 'tanh'],
};

test.each(Object.entries(cells))('%s keeps the values that its backward step reads and no more', (name, cell) => {
  const { kept, step } = differentiate(stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true }), new Set(['h']), new Set(['x', 'ih', 'hh']));
  expect(new Set(kept.map((value) => value.name))).toEqual(new Set(keptValues[name as keyof typeof cells]));
  expect(() => checkStep(step)).not.toThrow();
});

test('the equations read as in the papers', () => {
  expect(latexOf(cells.lstm)).toMatchInlineSnapshot(`
    "\\begin{aligned}
    i_t &= \\sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}) \\\\
    f_t &= \\sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf}) \\\\
    g_t &= \\tanh(W_{ig} x_t + b_{ig} + W_{hg} h_{t-1} + b_{hg}) \\\\
    o_t &= \\sigma(W_{io} x_t + b_{io} + W_{ho} h_{t-1} + b_{ho}) \\\\
    c_t &= f_t \\odot c_{t-1} + i_t \\odot g_t \\\\
    h_t &= o_t \\odot \\tanh(c_t)
    \\end{aligned}"
  `);
  expect(latexOf(cells.gru)).toMatchInlineSnapshot(`
    "\\begin{aligned}
    r_t &= \\sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}) \\\\
    z_t &= \\sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}) \\\\
    n_t &= \\tanh(W_{in} x_t + b_{in} + r_t \\odot (W_{hn} h_{t-1} + b_{hn})) \\\\
    h_t &= (1 - z_t) \\odot n_t + z_t \\odot h_{t-1}
    \\end{aligned}"
  `);
  expect(latexOf(cells['gru-original'])).toMatchInlineSnapshot(`
    "\\begin{aligned}
    r_t &= \\sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}) \\\\
    z_t &= \\sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}) \\\\
    n_t &= \\tanh(W_{in} x_t + b_{in} + W_{hn} (r_t \\odot h_{t-1}) + b_{hn}) \\\\
    h_t &= (1 - z_t) \\odot n_t + z_t \\odot h_{t-1}
    \\end{aligned}"
  `);
  expect(latexOf(cells.rnn)).toMatchInlineSnapshot(`
    "\\begin{aligned}
    h_t &= \\tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})
    \\end{aligned}"
  `);
});

test('gates without a weight take no rows', () => {
  const cell = defineCell({ name: 'partly', source: 'none', state: ['h'], gates: ['a', 'b'], step: ({ W, R }, { h }) => ({ h: R.b(W.a), other: h }) });
  expect(cell.inputGates).toEqual(['a']);
  expect(cell.recurrentGates).toEqual(['b']);
  expect(text(cell.values[0]?.value ?? cell.values[1]?.value ?? (() => { throw new Error('no value'); })())).toBe('hh.0(ih.0(x))');
});

test('an unknown gate and a missing state do not compile', () => {
  // @ts-expect-error: W.q is not a gate
  expect(() => defineCell({ name: 'a', source: '', state: ['h'], gates: ['i'], step: ({ W }) => ({ h: W.q }) })).toThrow();
  // @ts-expect-error: the state c is not returned
  defineCell({ name: 'b', source: '', state: ['h', 'c'], gates: ['i'], step: ({ W }) => ({ h: W.i }) });
});
