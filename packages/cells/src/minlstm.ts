import { add, div, mul, sigmoid } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Minimal LSTM: forget and input gate see the input alone and share one whole. Feng et al. 2024, section 3.2. */
export const minLSTM: Cell = /* @__PURE__ */ defineCell({
  name: 'minlstm', source: 'Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, Were RNNs all we needed? (arXiv 2410.01201)',
  state: ['h'], gates: ['f', 'i', 'n'],
  step({ W }, { h }) {
    const f = sigmoid(W.f);
    const i = sigmoid(W.i);
    const n = W.n;
    const whole = add(f, i);
    const share = { f: div(f, whole), i: div(i, whole) };
    return { f, i, f_share: share.f, i_share: share.i, n, h: add(mul(share.f, h), mul(share.i, n)) };
  },
});
