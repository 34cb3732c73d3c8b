import { add, mul, sigmoid, sub } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Minimal GRU: the gate and the candidate see the input alone, so there is no recurrent product. Feng et al. 2024, section 3.1. */
export const minGRU: Cell = /* @__PURE__ */ defineCell({
  name: 'mingru', source: 'Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, Were RNNs all we needed? (arXiv 2410.01201)',
  state: ['h'], gates: ['z', 'n'],
  step({ W }, { h }) {
    const z = sigmoid(W.z);
    const n = W.n;
    return { z, n, h: add(mul(sub(1, z), h), mul(z, n)) };
  },
});
