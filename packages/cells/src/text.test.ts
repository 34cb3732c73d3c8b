import { readFileSync } from 'node:fs';
import { add, apply, checkStep, constant, evaluator, input, mul, random, sharing, tanh, text } from '@unroll/expr';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CellError, cellFromText, cells, defineCell, EquationError, lstmWith, stepOf, textOf, withClip, type Cell } from './index.ts';

/** All that a cell computes, in one comparable piece: graphs by value, gates by place, vectors and states in order. */
function content({ state, inputGates, recurrentGates, vectors, start, bias, values }: Cell): unknown {
  const share = sharing();
  return { state, inputGates, recurrentGates, vectors, start, bias, values: values.map(({ name, value }) => [name, text(share(value))]) };
}

const lstmText = `
  i = sigmoid(W_i x + R_i h + b_i)
  f = sigmoid(W_f x + R_f h + b_f)
  g = tanh(W_g x + R_g h + b_g)
  o = sigmoid(W_o x + R_o h + b_o)
  c = f * c + i * g
  h = o * tanh(c)
`;

describe('a cell from text', () => {
  test('is the one that code defines', () => {
    expect(content(cellFromText(lstmText))).toEqual(content(cells.lstm));
  });

  test('the example of the README is the minimal gated unit', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const source = /cellFromText\(`([^`]*)`/.exec(readme)?.[1] ?? '';
    expect(content(cellFromText(source))).toEqual(content(cells.mgu));
  });

  test('in the notation of papers', () => {
    const source = `
      name my gru        # or as an option
      i_t = σ(W_{i} x_t + U_{i} h_{t-1} + b_{i})
      f_t = σ(b_f + W_f x_t + U_f h_{t−1})
      g_t = tanh(W_g x_t + U_g h[t-1] + b_g)
      o_t = σ(W_o x[t] + U_o h_prev + b_o)
      c_t = f_t ⊙ c_{t-1} + i_t ∘ g_t
      h_t = o_t × tanh(c_t)
    `;
    expect(content(cellFromText(source))).toEqual(content(cells.lstm));
    expect(cellFromText(source).name).toBe('my gru');
    expect(cellFromText(source, { name: 'other' }).name).toBe('other');
    expect(cellFromText('h = tanh(W x)\nh_2 = h_2 + h', { defaultName: 'file' }).name).toBe('file');
    expect(cellFromText('h = tanh(W x + R h)').name).toBe('custom');
    expect(cellFromText(source, { defaultName: 'file' }).name).not.toBe('file');
    expect(cellFromText(lstmText).name).toBe('custom');
  });

  test('weights without an index are those of one gate', () => {
    expect(content(cellFromText('h = tanh(W x + R h + b)'))).toEqual(content(cells.rnn));
    expect(content(cellFromText('h = tanh(W_h x + b_Wh + (R_h h + b_Rh))'))).toEqual(content(cells.rnn));
  });

  test('has biases where the text has some', () => {
    expect(cellFromText('h = tanh(W x + R h)').bias).toBe(false);
    expect(cellFromText('h = tanh(W x + R h + b)').bias).toBe(true);
    expect(cellFromText('h = tanh(b - h + W x)').bias).toBe(true);
  });

  test('states: h first, then as they are read; or as they are declared', () => {
    expect(cellFromText('i = tanh(p_i * c + R_i h + b_i)\nc = i\nh = c').state).toEqual(['h', 'c']);
    expect(cellFromText('s = s + m\nm = s').state).toEqual(['s', 'm']);
    expect(cellFromText('state m, s\ns = s + m\nm = s').state).toEqual(['m', 's']);
    expect(cellFromText('f = sigmoid(W_f x)\nh = f_{t-1} * h + f').state).toEqual(['h', 'f']);
  });

  test('vectors: by their first letters, or declared, with a number to start at', () => {
    const cell = cellFromText('vector gain = 1, shift = -0.5, w\nh = gain * tanh(R h + p_i + v_2 * w) + shift');
    expect(cell.vectors).toEqual(['gain', 'shift', 'w', 'p_i', 'v_2']);
    expect(cell.start).toEqual({ gain: 1, shift: -0.5 });
    expect(cell.state).toEqual(['h']);
  });

  test('gates can be put in another order', () => {
    expect(cellFromText(`gate o, g, f, i\n${lstmText}`).inputGates).toEqual(['o', 'g', 'f', 'i']);
  });

  test('a name read after its line is the new value, before it or with t-1 the old one', () => {
    const cell = cellFromText('a = h\nh = x + h\nb = h\nc = h_prev');
    const at = (name: string): string => text(cell.values.find((value) => value.name === name)?.value ?? constant(0));
    expect([at('a'), at('b'), at('c')]).toEqual(['h', 'add(x, h)', 'h']);
  });

  test('all functions, in any case', () => {
    const source = 'h = HardSigmoid(h, 0.1) + clip(h, -1, 1) + layernorm(R h, 0.001) + mean(h) + MAX(h, min(x, 2)) + select(less(h, 0), abs(h), sqrt(h)) + elu(h) + scaledTanh(h, 2, 0.5)';
    expect(() => checkStep(stepOf(cellFromText(source), { inputSize: 2, hiddenSize: 2, bias: true }))).not.toThrow();
    const machine = evaluator([cellFromText('h = hardsigmoid(h, 0.1) + scaledtanh(h, 2, 0.5) + softplus(h)').values[0]?.value ?? constant(0)], ['h']);
    machine.inputs[0] = 0.8;
    expect(machine.run()[0]).toBeCloseTo(0.1 * 0.8 + 0.5 + 2 * Math.tanh(0.4) + Math.log1p(Math.exp(0.8)), 12);
  });
});

describe('ill-formed text', () => {
  test.each([
    ['', 1, 1, 1, 'there is no equation'],
    ['# nothing\n\n', 1, 1, 1, 'there is no equation'],
    ['f = sigmiod(W_f x + R_f h)', 1, 5, 7, 'there is no function "sigmiod"; did you mean "sigmoid"?'],
    ['h = lstm(h)', 1, 5, 4, 'there is no function "lstm"; write lstm * … if it is a value.'],
    ['h = tanh(W x + R hidden)', 1, 18, 6, '"hidden" is never assigned; give it an equation "hidden = …"'],
    ['hidden = tanh(W x + R hiden)', 1, 23, 5, '"hiden" is never assigned; did you mean "hidden"?'],
    ['h = min(h)', 1, 5, 3, 'min takes 2 arguments, got 1.'],
    ['h = tanh(h, 1)', 1, 5, 4, 'tanh takes 1 argument, got 2.'],
    ['h = leakyrelu(h, 1, 2)', 1, 5, 9, 'leakyrelu takes 1 to 2 arguments, got 3.'],
    ['h = clip(h, -1, h)', 1, 17, 1, 'argument 3 of clip must be a number.'],
    ['h = tanh(W_h x + R_h h', 1, 23, 1, 'expected ")" for the parenthesis opened in column 9'],
    ['h = tanh(W x)', 1, 1, 1, 'there is no state'],
    ['h = f * x\nf = tanh(W x)', 2, 5, 1, ''],
    ['h = c_t * h\nc = x', 1, 5, 3, '"c" of this step is read before the line that assigns it.'],
    ['state h\nh = c * h\nc = x', 2, 5, 1, '"c" is read before the line that assigns it, and is not among the states h.'],
    ['state h, c\nh = h', 1, 10, 1, 'state "c" is never assigned; give it an equation "c = …".'],
    ['h = c_{t-1}', 1, 5, 7, '"c" has no value before the step'],
    ['h = x_{t-1} + h', 1, 5, 7, '"x" has no value before the step'],
    ['h = h\nh = 2 * h', 2, 1, 1, '"h" is assigned twice'],
    ['x = h\nh = x', 1, 1, 1, 'x is the input; choose another name.'],
    ['h_{t-1} = h', 1, 1, 7, 'the value of "h" before the step cannot be assigned'],
    ['tanh = h\nh = tanh', 1, 1, 4, '"tanh" is a function; choose another name.'],
    ['W_f = h', 1, 1, 3, '"W_f" is the name of a weight or a bias; choose another one.'],
    ['h = tanh * h', 1, 5, 4, '"tanh" is a function; write tanh(…).'],
    ['h = W_f * x + h', 1, 5, 3, '"W_f" is a weight; write what it is multiplied with behind it, without a sign: W_f x.'],
    ['h = tanh(W_f h)', 1, 14, 1, 'the input weight "W_f" multiplies x alone; the weight of another value is written R_f.'],
    ['h = tanh(W_f (2 * x) + h)', 1, 17, 1, 'the input weight "W_f" multiplies x alone'],
    ['h = R_f(h, h)', 1, 5, 3, 'the weight "R_f" multiplies one value, got 2.'],
    ['f = x\nh = f h', 2, 5, 1, '"f" is a value, not a function; write f * … for a product.'],
    ['h = h + b_f', 1, 9, 3, 'the bias "b_f" must stand in a sum with a product of its gate, such as W_f x + b_f.'],
    ['h = tanh(W_i x + R_f h + b_g)', 1, 26, 3, 'the bias "b_g" must stand in a sum with a product of its gate'],
    ['h = W_f x - b_f + h', 1, 13, 3, 'the bias "b_f" must stand in a sum'],
    ['f = tanh(W_f x + R_f h + b_f)\nh = f + R_h h', 2, 9, 3, 'this product has no bias, but others have; write "+ b_h" behind it, or leave all biases out.'],
    ['vector a, a\nh = h + a', 1, 11, 1, 'vector "a" is declared twice.'],
    ['vector h\nh = h', 1, 8, 1, '"h" is assigned, so it cannot be a vector of parameters.'],
    ['h = h + W x\na_t_t = h', 2, 1, 5, '"a_t" ends in what stands for time; choose another name.'],
    ['h = h + W x\na_prev_t = h', 2, 1, 8, '"a_prev" ends in what stands for time; choose another name.'],
    ['vector weight_ih\nh = h', 1, 8, 9, '"weight_ih" is the name of a weight or a bias; choose another one.'],
    ['vector W_f\nh = h', 1, 8, 3, '"W_f" is the name of a weight or a bias; choose another one.'],
    ['state h = 1\nh = h', 1, 7, 1, 'only vectors have a number that they start at'],
    ['gate i\nh = R_i h + R_o h', 2, 13, 3, 'gate "o" is not among the gates i.'],
  ])('%j', (source, line, column, length, problem) => {
    // One that is legal, for contrast: f is read before its line, so that it is a state.
    if (problem === '') {
      expect(cellFromText(source).state).toEqual(['f']);
      return;
    }
    const error = failure(() => cellFromText(source));
    expect(error.message).toContain(problem);
    expect(error).toMatchObject({ line, column, length });
  });

  test('whatever becomes of a text, it is a cell or an EquationError', () => {
    const sources = [...Object.values(cells).map(textOf), lstmText];
    const bits = ['h', 'x', ' ', '+', '-', '*', '(', ')', '=', '\n', '_t', '_{t-1}', 'W_i', 'R_i', 'b_i', 'b', 'W', 'tanh', 'mean', ',', '1', '.5', 'state', 'vector ', 'p_q', 'constructor', '__proto__', '#', 'toString('];
    const edit = fc.record({ at: fc.nat(4000), remove: fc.nat(6), insert: fc.oneof(fc.constantFrom(...bits), fc.string({ maxLength: 2 })) });
    fc.assert(fc.property(fc.constantFrom(...sources), fc.array(edit, { minLength: 1, maxLength: 4 }), (source, edits) => {
      const changed = edits.reduce((whole, { at, remove, insert }) => {
        const place = at % (whole.length + 1);
        return whole.slice(0, place) + insert + whole.slice(place + remove);
      }, source);
      try {
        const cell = cellFromText(changed);
        expect(cell.state.length).toBeGreaterThan(0);
        expect(content(cellFromText(textOf(cell)))).toEqual(content(cell));
      } catch (error) {
        if (!(error instanceof EquationError)) throw error;
        expect(error.message).toMatch(/^line \d+, column \d+: .+[.?)]\n/);
      }
    }), { numRuns: 1500 });
  });

  test('long chains of sums do not end the stack', () => {
    expect(cellFromText(`h = h${' + h'.repeat(980)}`).state).toEqual(['h']);
  });
});

describe('the text of a cell', () => {
  const odd = defineCell({
    name: 'odd', source: 'none', state: ['s', 'm'], gates: ['b', 'a', 'k'], vectors: ['q', 'p_a'], start: { q: -2 },
    step({ W, R, v }, { s, m }) {
      const a = tanh(add(add(W.a, mul(v.q, m)), add(R.a(add(s, 1)), v.p_a)));
      const r = R.k(R.b(m));
      return { a, r, m: apply('sub', a, apply('sub', m, r)), s: apply('div', apply('neg', apply('neg', s)), mul(m, mul(-2, add(a, 1e-9)))), again: s, number: constant(-0) };
    },
  });

  test.each([...Object.values(cells), ...Object.values(cells).map((cell) => withClip(cell, 2)), odd, lstmWith({ activations: ['softplus', 'thresholdedRelu', { name: 'elu', alpha: 0.5 }], peepholes: true })])('$name comes back from its text', (cell) => {
    const back = cellFromText(textOf(cell));
    expect(content(back)).toEqual(content(cell));
    expect(back).toMatchObject({ name: cell.name, source: cell.source });
    expect(textOf(back)).toBe(textOf(cell));
  });

  test('reads as a person would write it', () => {
    expect(textOf(cells.gru)).toMatchInlineSnapshot(`
      "name gru
      source Cho et al. 2014, Learning phrase representations using RNN encoder-decoder (arXiv 1406.1078v1)
      state h
      r = sigmoid(W_r x + R_r h + b_r)
      z = sigmoid(W_z x + R_z h + b_z)
      n = tanh(W_n x + r * (R_n h + b_Rn) + b_Wn)
      h = (1 - z) * n + z * h
      "
    `);
    expect(textOf(odd)).toMatchInlineSnapshot(`
      "name odd
      source none
      state s, m
      vector q = -2, p_a
      gate b, a, k
      a = tanh(W_a x + q * m + (R_a (s + 1) + p_a + b_Ra) + b_Wa)
      r = R_k (R_b m + b_b) + b_k
      m = a - (m - r)
      s = s / (m_prev * (-2 * (a + 1e-9)))
      again = s_prev
      number = -0
      "
    `);
  });

  test('what has no words is refused', () => {
    const drawing = defineCell({ name: 'drawing', source: '', state: ['h'], gates: ['i'], step: ({ W }, { h }) => ({ h: mul(random(1, 'step'), add(h, W.i)) }) });
    expect(() => textOf(drawing)).toThrow(new CellError('drawing: equations have no word for random numbers, so this cell has no text.'));
    const spaced = defineCell({ name: 'spaced', source: '', state: ['h'], gates: ['i'], step: ({ W }, { h }) => ({ 'h': add(h, W.i), 'my value': h }) });
    expect(() => textOf(spaced)).toThrow(new CellError('spaced: "my value" cannot be a name in equations, so this cell has no text; rename it.'));
    expect(() => textOf({ ...cells.rnn, values: [{ name: 'h', value: input('h') }, { name: 'tanh', value: input('h') }] })).toThrow('"tanh" cannot be a name');
  });
});

function failure(run: () => unknown): EquationError {
  try {
    run();
  } catch (error) {
    if (error instanceof EquationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
