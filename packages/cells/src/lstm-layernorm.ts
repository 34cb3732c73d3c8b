import { add, mul, sigmoid, tanh, type Expr } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';
import { layerNorm } from './functions.ts';

type Gate = 'i' | 'f' | 'g' | 'o';

/** LSTM with each product and the cell normalised, gate by gate over its H channels, with gains and shifts. Ba et al. 2016, equations 20 to 22. */
export const lstmLayerNorm: Cell = /* @__PURE__ */ defineCell({
  name: 'lstm-layernorm', source: 'Ba, Kiros & Hinton 2016, Layer normalization (arXiv 1607.06450)',
  state: ['h', 'c'], gates: ['i', 'f', 'g', 'o'], bias: false,
  vectors: ['gain_wi', 'gain_wf', 'gain_wg', 'gain_wo', 'gain_ri', 'gain_rf', 'gain_rg', 'gain_ro', 'shift_i', 'shift_f', 'shift_g', 'shift_o', 'gain_c', 'shift_c'],
  start: { gain_wi: 1, gain_wf: 1, gain_wg: 1, gain_wo: 1, gain_ri: 1, gain_rf: 1, gain_rg: 1, gain_ro: 1, shift_i: 0, shift_f: 0, shift_g: 0, shift_o: 0, gain_c: 1, shift_c: 0 },
  step({ W, R, v }, { h, c }) {
    const share = (k: Gate): Expr => add(mul(v[`gain_w${k}`], layerNorm(W[k])), mul(v[`gain_r${k}`], layerNorm(R[k](h))), v[`shift_${k}`]);
    const i = sigmoid(share('i'));
    const f = sigmoid(share('f'));
    const g = tanh(share('g'));
    const o = sigmoid(share('o'));
    const next = add(mul(f, c), mul(i, g));
    return { i, f, g, o, c: next, h: mul(o, tanh(add(mul(v.gain_c, layerNorm(next)), v.shift_c))) };
  },
});
