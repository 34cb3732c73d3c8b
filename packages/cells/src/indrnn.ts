import { add, mul, relu } from '@unroll/expr';
import { defineCell, type Cell } from './define.ts';

/** Independently recurrent network: each channel sees only itself, h_t = relu(W x_t + b + u ⊙ h_{t−1}). Li et al. 2018. */
export const indrnn: Cell = /* @__PURE__ */ defineCell({
  name: 'indrnn', source: 'Li, Li, Cook, Zhu & Gao 2018, Independently recurrent neural network (arXiv 1803.04831)',
  state: ['h'], gates: ['h'], vectors: ['u'],
  step: ({ W, v }, { h }) => ({ h: relu(add(W.h, mul(v.u, h))) }),
});
