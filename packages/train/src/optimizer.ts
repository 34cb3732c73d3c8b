import { input, type Expr } from '@unroll/expr';
import { cast, keep, map, scope, tensor, zerosLike, type DType, type Tensor } from '@unroll/tensor';
import { check, shapeText } from './errors.ts';

/** Tensors by name: parameters, or gradients under the names of their parameters. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What an optimiser has gathered, for a checkpoint. */
export interface OptimizerState {
  /** Updates made. */
  readonly steps: number;
  /** The tensors themselves, not copies, under `<parameter>.<PyTorch's name>`: `head.bias.exp_avg`. */
  readonly tensors: NamedTensors;
}

/** Changes parameters along their gradients. Keeps what it gathers (momentum and the like) by name, from the first step on, until `dispose`. */
export interface Optimizer {
  /** Learning rate of the next step; may be set at any time. */
  lr: number;
  /** Updates made. */
  readonly steps: number;
  /**
   * One update. Parameters without a gradient stay as they are.
   *
   * @throws TrainError where a gradient has no parameter or another shape or type; nothing is changed then
   */
  step(parameters: NamedTensors, gradients: NamedTensors): void;
  stateDict(): OptimizerState;
  /** Goes on from a saved state, which stays the caller's. Throws TrainError `state` for tensors of another optimiser, and stays as it was. */
  loadStateDict(state: OptimizerState): void;
  /** Frees what was gathered; the optimiser starts afresh. */
  dispose(): void;
}

/** What the formulas of a rule are written in: the parameter w, its gradient g, and further values by name. */
export type Symbols<Slot extends string, Scalar extends string> = Readonly<Record<'w' | 'g' | Slot | Scalar, Expr>>;

/** An optimiser's mathematics. */
export interface UpdateRule<Slot extends string, Scalar extends string> {
  /** What is gathered for each parameter, by PyTorch's name; zero at first. */
  readonly slots: readonly Slot[];
  readonly scalars: readonly Scalar[];
  /** Numbers that change from step to step (t from 1), computed in float64. Constants belong into `update`. */
  readonly schedule: (lr: number, t: number) => Readonly<Record<Scalar, number>>;
  /** The new parameter and slots. */
  readonly update: (symbols: Symbols<Slot, Scalar>) => Readonly<Record<'w' | Slot, Expr>>;
}

/** An optimiser from its mathematics: each parameter is updated by one fused kernel. */
export function optimizerOf<Slot extends string, Scalar extends string>(name: string, initialLr: number, rule: UpdateRule<Slot, Scalar>): Optimizer {
  const { slots, scalars } = rule;
  const bodies = bodiesOf(rule);
  const gathered = new Map<string, readonly Tensor[]>();
  let steps = 0;
  const dispose = (): void => {
    for (const kept of gathered.values()) for (const slot of kept) slot.dispose();
    gathered.clear();
    steps = 0;
  };
  const updateOne = (parameter: Tensor, gradient: Tensor, kept: readonly Tensor[], numbers: readonly Tensor[]): void => scope(() => {
    const next = map(bodies, [parameter, gradient, ...kept, ...numbers]);
    for (const [k, target] of [parameter, ...kept].entries()) target.assign(next[k] as Tensor);
  });
  const slotsFor = (key: string, parameter: Tensor): readonly Tensor[] => {
    const kept = gathered.get(key) ?? slots.map(() => keep(zerosLike(parameter)));
    gathered.set(key, kept);
    return kept;
  };
  return {
    lr: initialLr,
    get steps() { return steps; },
    step(parameters, gradients) {
      checkLr(name, this.lr);
      const updates = updatesOf(name, parameters, gradients);
      for (const { key, parameter } of updates) checkSlots(name, key, parameter, slots, gathered.get(key));
      const numbers = rule.schedule(this.lr, steps + 1);
      scope(() => {
        const numbersAs = perType((dtype) => scalars.map((scalar) => tensor(numbers[scalar], { dtype })));
        for (const { key, parameter, gradient } of updates) updateOne(parameter, gradient, slotsFor(key, parameter), numbersAs(parameter.dtype));
      });
      steps += 1;
    },
    stateDict() {
      const entries = [...gathered].flatMap(([key, kept]) => kept.map((slot, k) => [`${key}.${slots[k]}`, slot] as const));
      return { steps, tensors: Object.fromEntries(entries) };
    },
    loadStateDict(state) {
      const loaded = groupSlots(name, slots, state);
      dispose();
      for (const [key, kept] of loaded) gathered.set(key, kept.map((slot) => keep(cast(slot, slot.dtype))));
      ({ steps } = state);
    },
    dispose,
  };
}

/** Throws unless the learning rate is a number from 0. */
function checkLr(name: string, lr: number): void {
  check(lr >= 0 && Number.isFinite(lr), 'argument', () => `${name}: lr must be a number from 0, got ${lr}.`);
}

function bodiesOf<Slot extends string, Scalar extends string>({ slots, scalars, update }: UpdateRule<Slot, Scalar>): Expr[] {
  const names = ['w', 'g', ...slots, ...scalars] as const;
  const symbols = Object.fromEntries(names.map((name, k) => [name, input(`x${k}`)])) as Symbols<Slot, Scalar>;
  const next = update(symbols);
  return [next.w, ...slots.map((slot) => next[slot])];
}

interface Update { readonly key: string; readonly parameter: Tensor; readonly gradient: Tensor }

function updatesOf(name: string, parameters: NamedTensors, gradients: NamedTensors): Update[] {
  return Object.entries(gradients).map(([key, gradient]) => {
    const parameter = parameters[key];
    check(parameter !== undefined, 'argument', () => `${name}: there is a gradient for "${key}", but no such parameter; the parameters are ${Object.keys(parameters).join(', ')}.`);
    check(shapeText(parameter.shape) === shapeText(gradient.shape) && parameter.dtype === gradient.dtype, 'shape',
      () => `${name}: the gradient of ${key} must be ${shapeText(parameter.shape)} ${parameter.dtype}, got ${shapeText(gradient.shape)} ${gradient.dtype}.`);
    check(!parameter.disposed && !gradient.disposed, 'argument', () => `${name}: ${parameter.disposed ? '' : 'the gradient of '}${key} was freed before the step; keep it with keep().`);
    return { key, parameter, gradient };
  });
}

function checkSlots(name: string, key: string, parameter: Tensor, slots: readonly string[], kept: readonly Tensor[] | undefined): void {
  for (const [k, { shape, dtype }] of (kept ?? []).entries()) {
    check(shapeText(shape) === shapeText(parameter.shape) && dtype === parameter.dtype, 'state',
      () => `${name}: ${slots[k]} of ${key} is ${shapeText(shape)} ${dtype}, the parameter ${shapeText(parameter.shape)} ${parameter.dtype}; the state belongs to another model.`);
  }
}

/** Saved tensors by parameter, complete and in the order of the slots. */
function groupSlots(name: string, slots: readonly string[], { tensors }: OptimizerState): Map<string, Tensor[]> {
  const groups = new Map<string, Tensor[]>();
  for (const full of Object.keys(tensors)) {
    const dot = full.lastIndexOf('.');
    const [key, slot] = [full.slice(0, dot), full.slice(dot + 1)];
    check(dot > 0 && slots.includes(slot), 'state', () => `${name}: the saved state has "${full}", but what is kept here is ${slots.join(', ') || 'nothing'}; load it into the optimiser that it was saved from.`);
    groups.set(key, slots.map((wanted) => {
      const found = tensors[`${key}.${wanted}`];
      check(found !== undefined, 'state', () => `${name}: the saved state lacks "${key}.${wanted}"; load it into the optimiser that it was saved from.`);
      return found;
    }));
  }
  return groups;
}

function perType(make: (dtype: DType) => readonly Tensor[]): (dtype: DType) => readonly Tensor[] {
  const made = new Map<DType, readonly Tensor[]>();
  return (dtype) => {
    const tensors = made.get(dtype) ?? make(dtype);
    made.set(dtype, tensors);
    return tensors;
  };
}
