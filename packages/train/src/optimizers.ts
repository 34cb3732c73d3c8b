import { add, constant, div, mul, sqrt, sub, type Expr } from '@unroll/expr';
import { check } from './errors.ts';
import { optimizerOf, type Optimizer } from './optimizer.ts';

// The rules are PyTorch's (torch.optim), operation by operation: w parameter, g gradient, t step from 1. What is constant over a
// run is written into the formulas; what changes from step to step is computed on the host in float64 and comes in as a scalar.

/** Options of `sgd`; names, meanings and defaults of torch.optim.SGD. */
export interface SgdOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
  /** Default false. Needs momentum, and no dampening. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013). Keeps `momentum_buffer`. */
export function sgd({ lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: SgdOptions = {}): Optimizer {
  const name = 'sgd';
  checkFromZero(name, { lr, momentum, weightDecay });
  check(!nesterov || (momentum > 0 && dampening === 0), 'argument', () => `${name}: nesterov needs a momentum above 0 and dampening 0, got ${momentum} and ${dampening}.`);
  if (momentum === 0) {
    return optimizerOf<never, 'minusLr'>(name, lr, {
      slots: [],
      scalars: ['minusLr'],
      schedule: (rate) => ({ minusLr: -rate }),
      update: ({ w, g, minusLr }) => ({ w: add(w, mul(minusLr, decayed(g, w, weightDecay))) }),
    });
  }
  return optimizerOf<'momentum_buffer', 'minusLr' | 'share'>(name, lr, {
    slots: ['momentum_buffer'],
    scalars: ['minusLr', 'share'],
    // The first gradient enters the buffer whole.
    schedule: (rate, t) => ({ minusLr: -rate, share: t === 1 ? 1 : 1 - dampening }),
    update({ w, g, momentum_buffer: buffer, minusLr, share }) {
      const slope = decayed(g, w, weightDecay);
      const next = add(mul(buffer, momentum), mul(share, slope));
      return { w: add(w, mul(minusLr, nesterov ? add(slope, mul(momentum, next)) : next)), momentum_buffer: next };
    },
  });
}

/** Options of `rmsprop`; names, meanings and defaults of torch.optim.RMSprop. */
export interface RmspropOptions {
  /** Default 1e-2. */
  readonly lr?: number;
  /** Default 0.99. */
  readonly alpha?: number;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default false. True: the squares are taken around a running mean of the gradient. */
  readonly centered?: boolean;
}

/** RMSprop (Tieleman & Hinton 2012; centered: Graves 2013). Keeps `square_avg`, and `grad_avg` and `momentum_buffer` where they are used. */
export function rmsprop({ lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false }: RmspropOptions = {}): Optimizer {
  type Slot = 'square_avg' | 'grad_avg' | 'momentum_buffer';
  checkFromZero('rmsprop', { lr, alpha, eps, weightDecay, momentum });
  return optimizerOf<Slot, 'minusLr'>('rmsprop', lr, {
    slots: ['square_avg', ...(centered ? (['grad_avg'] as const) : []), ...(momentum > 0 ? (['momentum_buffer'] as const) : [])],
    scalars: ['minusLr'],
    schedule: (rate) => ({ minusLr: -rate }),
    update({ w, g, square_avg: s, grad_avg: m, momentum_buffer: b, minusLr }) {
      const slope = decayed(g, w, weightDecay);
      const square = add(mul(s, alpha), mul(1 - alpha, slope, slope));
      const mean = centered ? add(mul(m, alpha), mul(1 - alpha, slope)) : slope;
      const root = add(sqrt(centered ? sub(square, mul(mean, mean)) : square), eps);
      if (momentum === 0) return { w: add(w, div(mul(minusLr, slope), root)), square_avg: square, grad_avg: mean, momentum_buffer: slope };
      const buffer = add(mul(b, momentum), div(slope, root));
      return { w: add(w, mul(minusLr, buffer)), square_avg: square, grad_avg: mean, momentum_buffer: buffer };
    },
  });
}

/** Options of `adam` and `adamw`; names and meanings of torch.optim. */
export interface AdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0 (`adam`: added to the gradient as weightDecay · w), 0.01 (`adamw`: w shrinks by lr · weightDecay). */
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015). Keeps `exp_avg` and `exp_avg_sq`. */
export function adam({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer {
  checkFromZero('adam', { lr, eps, weightDecay });
  checkBetas('adam', betas);
  return optimizerOf<AdamSlot, AdamScalar>('adam', lr, {
    slots: ['exp_avg', 'exp_avg_sq'],
    scalars: ['minusRate', 'correction'],
    schedule: (rate, t) => corrections(rate, t, betas),
    update: ({ w, g, ...rest }) => adaptive(w, decayed(g, w, weightDecay), rest, betas, eps),
  });
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). Keeps `exp_avg` and `exp_avg_sq`. */
export function adamw({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 1e-2 }: AdamOptions = {}): Optimizer {
  checkFromZero('adamw', { lr, eps, weightDecay });
  checkBetas('adamw', betas);
  return optimizerOf<AdamSlot, AdamScalar | 'shrink'>('adamw', lr, {
    slots: ['exp_avg', 'exp_avg_sq'],
    scalars: ['minusRate', 'correction', 'shrink'],
    schedule: (rate, t) => ({ ...corrections(rate, t, betas), shrink: 1 - rate * weightDecay }),
    update: ({ w, g, shrink, ...rest }) => adaptive(mul(w, shrink), g, rest, betas, eps),
  });
}

type AdamSlot = 'exp_avg' | 'exp_avg_sq';
type AdamScalar = 'minusRate' | 'correction';

/** −lr / (1 − β₁ᵗ) and √(1 − β₂ᵗ). */
function corrections(lr: number, t: number, [beta1, beta2]: readonly [number, number]): Record<AdamScalar, number> {
  return { minusRate: -(lr / (1 - beta1 ** t)), correction: Math.sqrt(1 - beta2 ** t) };
}

/** m' = β₁ m + (1 − β₁) g;  v' = β₂ v + (1 − β₂) g²;  w' = w − lr / (1 − β₁ᵗ) · m' / (√v' / √(1 − β₂ᵗ) + ε). */
function adaptive(
  w: Expr, g: Expr, { exp_avg: m, exp_avg_sq: v, minusRate, correction }: Readonly<Record<AdamSlot | AdamScalar, Expr>>,
  [beta1, beta2]: readonly [number, number], eps: number,
): Record<'w' | AdamSlot, Expr> {
  const mean = add(mul(m, beta1), mul(1 - beta1, g));
  const square = add(mul(v, beta2), mul(1 - beta2, g, g));
  const root = add(div(sqrt(square), correction), eps);
  return { w: add(w, div(mul(minusRate, mean), root)), exp_avg: mean, exp_avg_sq: square };
}

/** g + λ w. */
function decayed(g: Expr, w: Expr, weightDecay: number): Expr {
  return weightDecay === 0 ? g : add(g, mul(constant(weightDecay), w));
}

function checkFromZero(name: string, values: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(values)) {
    check(value >= 0 && Number.isFinite(value), 'argument', () => `${name}: ${option} must be a number from 0, got ${value}.`);
  }
}

function checkBetas(name: string, betas: readonly [number, number]): void {
  check(betas.every((beta) => beta >= 0 && beta < 1), 'argument', () => `${name}: betas must be from 0 to below 1, got ${betas.join(' and ')}.`);
}
