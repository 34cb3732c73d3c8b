import { add, mul, sigmoid, sub, tanh } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Minimal gated unit: one gate that forgets and resets. Zhou et al. 2016. */
export const mgu: Cell = /* @__PURE__ */ defineCell({
  name: 'mgu', source: 'Zhou, Wu, Zhang & Zhou 2016, Minimal gated unit for recurrent neural networks (arXiv 1603.09420)',
  state: ['h'], gates: ['f', 'n'],
  step({ W, R }, { h }) {
    const f = sigmoid(add(W.f, R.f(h)));
    const n = tanh(add(W.n, R.n(mul(f, h))));
    return { f, n, h: add(mul(sub(1, f), h), mul(f, n)) };
  },
});
