import { add, mul, sigmoid, tanh } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Long short-term memory. Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins 2000. */
export const lstm: Cell = /* @__PURE__ */ defineCell({
  name: 'lstm', source: 'Hochreiter & Schmidhuber 1997, Long short-term memory; Gers, Schmidhuber & Cummins 2000, Learning to forget',
  state: ['h', 'c'], gates: ['i', 'f', 'g', 'o'],
  step({ W, R }, { h, c }) {
    const i = sigmoid(add(W.i, R.i(h)));
    const f = sigmoid(add(W.f, R.f(h)));
    const g = tanh(add(W.g, R.g(h)));
    const o = sigmoid(add(W.o, R.o(h)));
    const next = add(mul(f, c), mul(i, g));
    return { i, f, g, o, c: next, h: mul(o, tanh(next)) };
  },
});
