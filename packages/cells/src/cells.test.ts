import { checkStep, differentiate, text } from '@unroll/expr';
import { describe, expect, test } from 'vitest';
import { CellError, cells, defineCell, latexOf, stepOf, weightsOf, withClip, type CellName } from './index.ts';

test.each(Object.entries(cells))('%s is registered under its own name and its step is sound', (name, cell) => {
  expect(cell.name).toBe(name);
  expect(() => checkStep(stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true }))).not.toThrow();
});

// What each backward pass needs of the forward values: the lists that hand-written kernels arrive at.
const keptValues: Readonly<Record<CellName, readonly string[]>> = {
  'rnn': ['h.before'],
  'rnn-relu': ['h.before'],
  'indrnn': ['h.before'],
  'mingru': ['h.before', 'z', 'n'],
  'minlstm': ['h.before', 'f', 'i', 'n', 'f_share', 'i_share', 'add'],
  'mgu': ['h.before', 'f', 'n'],
  'gru': ['h.before', 'r', 'z', 'n', 'dot'],
  'gru-original': ['h.before', 'r', 'z', 'n'],
  // For each of six norms the deviation from the mean, its root and their quotient.
  'gru-layernorm': ['h.before', 'r', 'z', 'n', ...counted('sqrt', 6), ...counted('div', 6), ...counted('sub', 6)],
  'lstm': ['h.before', 'c.before', 'i', 'f', 'g', 'o', 'tanh'],
  'lstm-coupled': ['h.before', 'c.before', 'i', 'g', 'o', 'tanh'],
  'lstm-peephole': ['h.before', 'c.before', 'i', 'f', 'g', 'o', 'tanh'],
  'lstm-layernorm': ['h.before', 'c.before', 'i', 'f', 'g', 'o', 'tanh', 'mean', ...counted('sqrt', 9), ...counted('div', 9), ...counted('sub', 8)],
  'slstm': ['h.before', 'c.before', 'n.before', 'i', 'f', 'z', 'o', 'exp', 'div', ...counted('add', 3), ...counted('less', 2)],
};

function counted(name: string, count: number): string[] {
  return Array.from({ length: count }, () => name);
}

test.each(Object.entries(cells))('%s keeps the values that its backward step reads and no more', (name, cell) => {
  const forward = stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true });
  const { kept, step } = differentiate(forward, new Set(['h']), new Set([...forward.sequences, ...forward.vectors, ...forward.weights].map((field) => field.name)));
  // Values without a name of their own are numbered where there are several.
  const names = kept.map((value) => value.name.replace(/\.\d+$/, ''));
  expect(names.toSorted()).toEqual([...keptValues[name as CellName]].toSorted());
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
  expect(() => defineCell({ name: 'a', source: '', state: ['h'], gates: ['i'], step: ({ W }) => ({ h: W.q }) })).toThrow('kind');
  // @ts-expect-error: the state c is not returned
  defineCell({ name: 'b', source: '', state: ['h', 'c'], gates: ['i'], step: ({ W }) => ({ h: W.i }) });
});

test('words in the equations are upright, functions have their names', () => {
  expect(latexOf(cells.slstm)).toContain(String.raw`\mathrm{memory}_t &= \begin{cases} -10^{30} & \text{if } [n_{t-1} = 0] \\ \operatorname{logsigmoid}(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf}) + m_{t-1} & \text{otherwise} \end{cases}`);
  expect(latexOf(cells['lstm-layernorm'])).toContain(String.raw`h_t &= o_t \odot \tanh(\mathrm{gain}_c \odot \operatorname{layernorm}(c_t) + \mathrm{shift}_c)`);
  expect(latexOf(withClip(cells['rnn-relu'], 3))).toContain(String.raw`\operatorname{relu}(\operatorname{clip}(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}, -3, 3))`);
});

test('a value that a cell does not have is an error that lists the others', () => {
  expect(() => stepOf(cells.gru, { inputSize: 1, hiddenSize: 2, bias: true }, ['h', 'c'])).toThrow(new CellError('gru: there is no value "c"; there are r, z, n, h.'));
});

test('every named value can be had for every step', () => {
  for (const cell of Object.values(cells)) {
    const names = cell.values.map(({ name }) => name);
    const step = stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true }, names);
    expect(() => checkStep(step)).not.toThrow();
    expect(step.outputs.map(({ name }) => name)).toEqual(names);
  }
});

test('cells that say so have no bias in any layer', () => {
  expect(weightsOf(cells['lstm-layernorm'], { inputSize: 3, hiddenSize: 5, bias: true }).map(({ bias }) => bias)).toEqual([false, false]);
  expect(cells['lstm-layernorm'].start).toMatchObject({ gain_wi: 1, shift_o: 0, gain_c: 1 });
});

describe('projection', () => {
  const sizes = { inputSize: 3, hiddenSize: 5, bias: true } as const;

  test('the first state has P channels, the weights those of nn.LSTM', () => {
    const step = stepOf(cells.lstm, { ...sizes, projSize: 2 }, ['h', 'c']);
    expect(() => checkStep(step)).not.toThrow();
    expect(step.states).toEqual([{ name: 'h', width: 2 }, { name: 'c', width: 5 }]);
    expect(step.outputs.map(({ name, width }) => [name, width])).toEqual([['h', 2], ['c', 5]]);
    expect(step.weights).toEqual([
      { name: 'ih', blocks: 4, rows: 5, columns: 3, bias: true },
      { name: 'hh', blocks: 4, rows: 5, columns: 2, bias: true },
      { name: 'hr', blocks: 1, rows: 2, columns: 5, bias: false },
    ]);
    expect(stepOf(cells.lstm, { ...sizes, projSize: 0 })).toEqual(stepOf(cells.lstm, sizes));
  });

  test('fits every cell whose first state is only multiplied with weights', () => {
    const fits = Object.values(cells).filter((cell) => {
      try {
        return checkStep(stepOf(cell, { ...sizes, projSize: 2 })) === undefined;
      } catch (error) {
        expect(error).toBeInstanceOf(CellError);
        return false;
      }
    });
    expect(fits.map(({ name }) => name)).toEqual(['rnn', 'rnn-relu', 'lstm', 'lstm-coupled', 'lstm-peephole', 'lstm-layernorm', 'slstm']);
  });

  test.each([5, 6, -1, 1.5, Number.NaN])('%s channels of 5 are refused', (projSize) => {
    expect(() => stepOf(cells.lstm, { ...sizes, projSize })).toThrow(`lstm: projSize must be a whole number from 1 to hiddenSize - 1 = 4, or 0 for none, got ${projSize}.`);
  });

  test('a cell that it does not fit says why', () => {
    expect(() => stepOf(cells.gru, { ...sizes, projSize: 2 })).toThrow(new CellError('gru: projSize does not fit, since the equations combine state h (2 channels) with values of 5 channels other than by a product.'));
  });
});
