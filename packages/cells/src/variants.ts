import { add, mul, sub, type Expr } from '@unroll/expr';
import { activation, type Activation } from './activations.ts';
import { clipped } from './clip.ts';
import { defineCell, type Cell } from './define.ts';

interface Variant {
  /** Bounds the arguments of the gates' activation functions to −clip … clip. Default: no bounds. */
  readonly clip?: number;
  /** What the cell is called. Default: the options in words. */
  readonly name?: string;
  /** Default: the operator's definition. */
  readonly source?: string;
}
/** Forms of the simple recurrent network. */
export interface RNNVariant extends Variant {
  /** Default tanh. */
  readonly activation?: Activation;
}
/** Forms of the GRU. */
export interface GRUVariant extends Variant {
  /** ONNX's list (f, g): of the gates r and z, and of the candidate. Default sigmoid, tanh. */
  readonly activations?: readonly [gates: Activation, candidate: Activation];
  /** Default true: the reset gate scales the recurrent product (ONNX: `linear_before_reset = 1`). False: it scales the state. */
  readonly resetAfter?: boolean;
}
/** Forms of the LSTM. */
export interface LSTMVariant extends Variant {
  /** ONNX's list (f, g, h): of the gates i, f and o, of the candidate, and of the cell state on its way out. Default sigmoid, tanh, tanh. */
  readonly activations?: readonly [gates: Activation, candidate: Activation, output: Activation];
  /** The gates see the cell state: i and f the one before the step, o the one after it. */
  readonly peepholes?: boolean;
  /** No forget gate of its own: f = 1 − i (ONNX: `input_forget = 1`). */
  readonly coupled?: boolean;
}

/** The simple recurrent network in the forms of ONNX's operator RNN. */
export function rnnWith({ activation: wanted = 'tanh', ...variant }: RNNVariant = {}): Cell {
  const phi = gate(wanted, variant);
  return defineCell({
    ...titles('rnn', [wanted], [], variant), state: ['h'], gates: ['h'],
    step: ({ W, R }, { h }) => ({ h: phi(add(W.h, R.h(h))) }),
  });
}

/** The GRU in the forms of ONNX's operator GRU. */
export function gruWith({ activations = ['sigmoid', 'tanh'], resetAfter = true, ...variant }: GRUVariant = {}): Cell {
  const [sigma, phi] = [gate(activations[0], variant), gate(activations[1], variant)];
  return defineCell({
    ...titles('gru', activations, resetAfter ? [] : ['reset before'], variant), state: ['h'], gates: ['r', 'z', 'n'],
    step({ W, R }, { h }) {
      const r = sigma(add(W.r, R.r(h)));
      const z = sigma(add(W.z, R.z(h)));
      const n = phi(add(W.n, resetAfter ? mul(r, R.n(h)) : R.n(mul(r, h))));
      return { r, z, n, h: add(mul(sub(1, z), n), mul(z, h)) };
    },
  });
}

/** The LSTM in the forms of ONNX's operator LSTM: peepholes, a coupled forget gate, activation functions, clipping. */
export function lstmWith({ activations = ['sigmoid', 'tanh', 'tanh'], peepholes = false, coupled = false, ...variant }: LSTMVariant = {}): Cell {
  const [sigma, phi, psi] = [gate(activations[0], variant), gate(activations[1], variant), activation(activations[2])];
  const seen = [...(coupled ? [] : ['p_f'] as const), 'p_o'] as const;
  return defineCell({
    ...titles('lstm', activations, [...(peepholes ? ['peepholes'] : []), ...(coupled ? ['coupled'] : [])], variant),
    state: ['h', 'c'], gates: ['i', 'f', 'g', 'o'], vectors: peepholes ? ['p_i', ...seen] : [],
    step({ W, R, v }, { h, c }) {
      const { p_i, p_f, p_o } = peepholes ? v : { p_i: 0, p_f: 0, p_o: 0 };
      const i = sigma(add(W.i, R.i(h), mul(p_i, c)));
      const f = coupled ? sub(1, i) : sigma(add(W.f, R.f(h), mul(p_f, c)));
      const g = phi(add(W.g, R.g(h)));
      const next = add(mul(f, c), mul(i, g));
      const o = sigma(add(W.o, R.o(h), mul(p_o, next)));
      return { i, f, g, c: next, o, h: mul(o, psi(next)) };
    },
  });
}

// Private: gates and names.

function gate(wanted: Activation, { clip: bound }: Variant): (a: Expr) => Expr {
  const apply = activation(wanted);
  return bound === undefined ? apply : (a) => apply(clipped(a, bound));
}

function titles(base: string, used: readonly Activation[], traits: readonly string[], { clip: bound, name, source }: Variant): { readonly name: string; readonly source: string } {
  const spoken = used.map((item) => (typeof item === 'string' ? item : [item.name, item.alpha, item.beta].filter((part) => part !== undefined).join(' ')));
  const words = [...traits, ...(bound === undefined ? [] : [`clip ${bound}`]), spoken.join(', ')];
  return { name: name ?? `${base} (${words.join('; ')})`, source: source ?? `ONNX, operator ${base.toUpperCase()}` };
}
