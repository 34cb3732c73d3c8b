import { add, mul, sigmoid, sub, tanh } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Gated recurrent unit as published: the reset gate before the product. Cho et al. 2014 (version 3 of the paper). */
export const gruOriginal: Cell = /* @__PURE__ */ defineCell({
  name: 'gru-original', source: 'Cho et al. 2014, Learning phrase representations using RNN encoder-decoder (arXiv 1406.1078v3)',
  state: ['h'], gates: ['r', 'z', 'n'],
  step({ W, R }, { h }) {
    const r = sigmoid(add(W.r, R.r(h)));
    const z = sigmoid(add(W.z, R.z(h)));
    const n = tanh(add(W.n, R.n(mul(r, h))));
    return { r, z, n, h: add(mul(sub(1, z), n), mul(z, h)) };
  },
});
