import { add, div, max, mul, sqrt, type Expr } from '@unroll/expr';
import { checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer, type Symbols } from '../optimizer.ts';
import { blended, blendedSquare, checkBetas, decayed, type Betas } from './formulas.ts';

/** Options of `adam` and `adamw`; names, meanings and defaults of torch.optim. `lr` is 1e-3 unless given. */
export interface AdamOptions extends GroupOptions {
  /** Default [0.9, 0.999]. */
  readonly betas?: Betas;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0 (`adam`: added to the gradient as weightDecay · w), 0.01 (`adamw`: w shrinks by lr · weightDecay). */
  readonly weightDecay?: number;
  /** Default false. True: divides by the largest second moment so far (Reddi et al. 2018), kept as `max_exp_avg_sq`. */
  readonly amsgrad?: boolean;
}

/** Adam (Kingma & Ba 2015). Keeps `exp_avg` and `exp_avg_sq`. */
export function adam({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, ...others }: AdamOptions = {}): Optimizer {
  checkMoments('adam', betas, eps);
  return optimizerOf<AdamSlot, AdamScalar>('adam', { lr, ...others }, (weightDecay) => ({
    slots: slotsOf(amsgrad),
    scalars: ['minusRate', 'correction'],
    schedule: (rate, t) => corrections(rate, t, betas),
    update: ({ g, ...rest }) => adaptive({ ...rest, g: decayed(g, rest.w, weightDecay) }, { betas, eps, amsgrad }),
  }));
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). Keeps `exp_avg` and `exp_avg_sq`. */
export function adamw({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, weightDecay = 1e-2, ...others }: AdamOptions = {}): Optimizer {
  checkMoments('adamw', betas, eps);
  return optimizerOf<AdamSlot, AdamScalar | 'shrink'>('adamw', { lr, weightDecay, ...others }, (decay) => ({
    slots: slotsOf(amsgrad),
    scalars: ['minusRate', 'correction', 'shrink'],
    schedule: (rate, t) => ({ ...corrections(rate, t, betas), shrink: 1 - rate * decay }),
    update: ({ w, shrink, ...rest }) => adaptive({ ...rest, w: mul(w, shrink) }, { betas, eps, amsgrad }),
  }));
}

type AdamSlot = 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';
type AdamScalar = 'minusRate' | 'correction';

function slotsOf(amsgrad: boolean): readonly AdamSlot[] {
  return ['exp_avg', 'exp_avg_sq', ...(amsgrad ? (['max_exp_avg_sq'] as const) : [])];
}

/** −lr / (1 − β₁ᵗ) and √(1 − β₂ᵗ). */
function corrections(lr: number, t: number, [beta1, beta2]: Betas): Record<AdamScalar, number> {
  return { minusRate: -(lr / (1 - beta1 ** t)), correction: Math.sqrt(1 - beta2 ** t) };
}

/** m' = β₁ m + (1 − β₁) g;  v' = β₂ v + (1 − β₂) g²;  w' = w − lr / (1 − β₁ᵗ) · m' / (√v' / √(1 − β₂ᵗ) + ε). */
function adaptive(
  { w, g, exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: largest, minusRate, correction }: Symbols<AdamSlot, AdamScalar>,
  { betas: [beta1, beta2], eps, amsgrad }: { readonly betas: Betas; readonly eps: number; readonly amsgrad: boolean },
): Record<'w' | AdamSlot, Expr> {
  const mean = blended(m, g, beta1);
  const square = blendedSquare(v, g, beta2);
  const divisor = amsgrad ? max(largest, square) : square;
  const root = add(div(sqrt(divisor), correction), eps);
  return { w: add(w, div(mul(minusRate, mean), root)), exp_avg: mean, exp_avg_sq: square, max_exp_avg_sq: divisor };
}

function checkMoments(name: string, betas: Betas, eps: number): void {
  checkFromZero(name, { eps });
  checkBetas(name, betas);
}
