import { add, div, equal, exp, max, mul, select, sigmoid, sub, tanh } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';
import { logSigmoid } from './functions.ts';

/**
 * LSTM with an exponential input gate, a normaliser n and a stabiliser m of the exponents. Beck et al. 2024, section 2.2,
 * with the sigmoid as forget gate and one head. Where n is 0 nothing is remembered yet, so m is set by the input alone.
 */
export const slstm: Cell = /* @__PURE__ */ defineCell({
  name: 'slstm', source: 'Beck et al. 2024, xLSTM: extended long short-term memory (arXiv 2405.04517)',
  state: ['h', 'c', 'n', 'm'], gates: ['i', 'f', 'z', 'o'],
  step({ W, R }, { h, c, n, m }) {
    const input = add(W.i, R.i(h));
    const memory = select(equal(n, 0), -1e30, add(logSigmoid(add(W.f, R.f(h))), m));
    const z = tanh(add(W.z, R.z(h)));
    const o = sigmoid(add(W.o, R.o(h)));
    const largest = max(memory, input);
    const i = exp(sub(input, largest));
    const f = exp(sub(memory, largest));
    const next = { c: add(mul(f, c), mul(i, z)), n: add(mul(f, n), i), m: largest };
    return { input, memory, z, o, m: next.m, i, f, c: next.c, n: next.n, h: mul(o, div(next.c, next.n)) };
  },
});
