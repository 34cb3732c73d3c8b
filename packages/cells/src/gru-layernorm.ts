import { add, mul, sigmoid, sub, tanh, type Expr } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';
import { layerNorm } from './functions.ts';

type Gate = 'r' | 'z' | 'n';

/** GRU, reset gate after the product, with each product normalised, gate by gate over its H channels, with gains and shifts. Ba et al. 2016. */
export const gruLayerNorm: Cell = /* @__PURE__ */ defineCell({
  name: 'gru-layernorm', source: 'Ba, Kiros & Hinton 2016, Layer normalization (arXiv 1607.06450)',
  state: ['h'], gates: ['r', 'z', 'n'], bias: false,
  vectors: ['gain_wr', 'gain_wz', 'gain_wn', 'gain_rr', 'gain_rz', 'gain_rn', 'shift_r', 'shift_z', 'shift_wn', 'shift_rn'],
  start: { gain_wr: 1, gain_wz: 1, gain_wn: 1, gain_rr: 1, gain_rz: 1, gain_rn: 1, shift_r: 0, shift_z: 0, shift_wn: 0, shift_rn: 0 },
  step({ W, R, v }, { h }) {
    const ofInput = (k: Gate): Expr => mul(v[`gain_w${k}`], layerNorm(W[k]));
    const ofState = (k: Gate): Expr => mul(v[`gain_r${k}`], layerNorm(R[k](h)));
    const r = sigmoid(add(ofInput('r'), ofState('r'), v.shift_r));
    const z = sigmoid(add(ofInput('z'), ofState('z'), v.shift_z));
    const n = tanh(add(ofInput('n'), v.shift_wn, mul(r, add(ofState('n'), v.shift_rn))));
    return { r, z, n, h: add(mul(sub(1, z), n), mul(z, h)) };
  },
});
