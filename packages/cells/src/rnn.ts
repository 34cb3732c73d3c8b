import { add, relu, tanh, type Expr } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Simple recurrent network: h_t = φ(W x_t + b + R h_{t−1} + c). Elman 1990. */
const elman = (name: string, activation: (operand: Expr) => Expr): Cell => defineCell({
  name, source: 'Elman 1990, Finding structure in time', state: ['h'], gates: ['h'],
  step: ({ W, R }, { h }) => ({ h: activation(add(W.h, R.h(h))) }),
});

/** With tanh. */
export const rnn: Cell = /* @__PURE__ */ elman('rnn', tanh);
/** With relu. Le, Jaitly & Hinton 2015 start its recurrent weight at the identity. */
export const rnnRelu: Cell = /* @__PURE__ */ elman('rnn-relu', relu);
