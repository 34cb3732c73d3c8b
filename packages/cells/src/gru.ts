import { add, mul, sigmoid, sub, tanh } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Gated recurrent unit, reset gate after the product, as cuDNN and PyTorch compute it. Cho et al. 2014 (version 1 of the paper). */
export const gru: Cell = /* @__PURE__ */ defineCell({
  name: 'gru', source: 'Cho et al. 2014, Learning phrase representations using RNN encoder-decoder (arXiv 1406.1078v1)',
  state: ['h'], gates: ['r', 'z', 'n'],
  step({ W, R }, { h }) {
    const r = sigmoid(add(W.r, R.r(h)));
    const z = sigmoid(add(W.z, R.z(h)));
    const n = tanh(add(W.n, mul(r, R.n(h))));
    return { r, z, n, h: add(mul(sub(1, z), n), mul(z, h)) };
  },
});
