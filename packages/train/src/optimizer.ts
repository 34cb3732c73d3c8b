import { input, neg, type Expr } from '@unroll/expr';
import { cast, full, keep, map, scope, tensor, type DType, type Tensor } from '@unroll/tensor';
import { check, checkWhole, shapeText } from './errors.ts';
import { grouping, type Group, type GroupOptions } from './groups.ts';

/** Tensors by name: parameters, or gradients under the names of their parameters. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What an optimiser has gathered, for a checkpoint. */
export interface OptimizerState {
  /** Updates made. */
  readonly steps: number;
  /** Learning rate. */
  readonly lr?: number;
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
  stateDict(): Required<OptimizerState>;
  /** Goes on from a saved state, which stays the caller's. Throws TrainError `state` for tensors of another optimiser, and stays as it was. */
  loadStateDict(state: OptimizerState): void;
  /** Frees what was gathered; the optimiser starts afresh. */
  dispose(): void;
}

/** What the formulas of a rule are written in: the parameter w, its gradient g, and further values by name. */
export type Symbols<Slot extends string, Scalar extends string> = Readonly<Record<'w' | 'g' | Slot | Scalar, Expr>>;

/** An optimiser's mathematics. */
export interface UpdateRule<Slot extends string, Scalar extends string> {
  /** What is gathered for each parameter, by PyTorch's name. */
  readonly slots: readonly Slot[];
  /** What slots hold before the first step. Default 0. */
  readonly initial?: Readonly<Partial<Record<Slot, number>>>;
  readonly scalars: readonly Scalar[];
  /** Numbers that change from step to step (t from 1), computed in float64. Constants belong into `update`. */
  readonly schedule: (lr: number, t: number) => Readonly<Record<Scalar, number>>;
  /** The new parameter and slots. */
  readonly update: (symbols: Symbols<Slot, Scalar>) => Readonly<Record<'w' | Slot, Expr>>;
}

/** Options of `optimizerOf`. */
export interface OptimizerOptions extends GroupOptions { readonly lr: number }

/**
 * An optimiser from its mathematics: each parameter is updated by one fused kernel.
 *
 * @param ruleOf the rule with that weight decay; what it has to do with it is the rule's business
 * @throws TrainError `argument` for a learning rate or weight decay below 0
 */
export function optimizerOf<Slot extends string, Scalar extends string>(
  name: string, { lr, weightDecay = 0, maximize = false, groups = [] }: OptimizerOptions, ruleOf: (weightDecay: number) => UpdateRule<Slot, Scalar>,
): Optimizer {
  const groupOf = grouping(name, { lr, weightDecay, groups });
  const compiled = once((group: Group) => compile(ruleOf(group.weightDecay), group, maximize));
  const { slots, ...rule } = ruleOf(weightDecay);
  const initial: Readonly<Record<string, number | undefined>> = rule.initial ?? {};
  const gathered = new Map<string, readonly Tensor[]>();
  let steps = 0;
  const dispose = (): void => {
    for (const kept of gathered.values()) for (const slot of kept) slot.dispose();
    gathered.clear();
    steps = 0;
  };
  const slotsFor = (key: string, { shape, dtype }: Tensor): readonly Tensor[] => {
    const kept = gathered.get(key) ?? slots.map((slot) => full(shape, initial[slot] ?? 0, { dtype })).map(keep);
    gathered.set(key, kept);
    return kept;
  };
  return {
    lr,
    get steps() { return steps; },
    step(parameters, gradients) {
      checkLr(name, this.lr);
      const updates = updatesOf(name, parameters, gradients);
      for (const { key, parameter } of updates) checkSlots(name, key, parameter, slots, gathered.get(key));
      scope(() => {
        const numbersOf = once((group: Group) => compiled(group).numbersAt(this.lr, steps + 1));
        for (const { key, parameter, gradient } of updates) {
          const group = groupOf(key);
          updateOne(compiled(group).bodies, parameter, gradient, slotsFor(key, parameter), numbersOf(group)(parameter.dtype));
        }
      });
      steps += 1;
    },
    stateDict() {
      const entries = [...gathered].flatMap(([key, kept]) => kept.map((slot, k) => [`${key}.${slots[k]}`, slot] as const));
      return { steps, lr: this.lr, tensors: Object.fromEntries(entries) };
    },
    loadStateDict(state) {
      const saved = checkState(name, slots, state);
      dispose();
      for (const [key, kept] of saved) gathered.set(key, kept.map((slot) => keep(cast(slot, slot.dtype))));
      ({ steps } = state);
      this.lr = state.lr ?? this.lr;
    },
    dispose,
  };
}

interface Compiled {
  readonly bodies: readonly Expr[];
  /** The scalars of a step as tensors, by type. Belong to the scope in which they are first asked for. */
  readonly numbersAt: (lr: number, t: number) => (dtype: DType) => readonly Tensor[];
}

function compile<Slot extends string, Scalar extends string>({ slots, scalars, schedule, update }: UpdateRule<Slot, Scalar>, { rate }: Group, maximize: boolean): Compiled {
  const names = ['w', 'g', ...slots, ...scalars] as const;
  const symbols = Object.fromEntries(names.map((name, k) => [name, input(`x${k}`)])) as Symbols<Slot, Scalar>;
  const next = update(maximize ? { ...symbols, g: neg(symbols.g) } : symbols);
  return {
    bodies: [next.w, ...slots.map((slot) => next[slot])],
    numbersAt(lr, t) {
      const numbers = schedule(lr * rate, t);
      return once((dtype) => scalars.map((scalar) => tensor(numbers[scalar], { dtype })));
    },
  };
}

function updateOne(bodies: readonly Expr[], parameter: Tensor, gradient: Tensor, kept: readonly Tensor[], numbers: readonly Tensor[]): void {
  scope(() => {
    const next = map(bodies, [parameter, gradient, ...kept, ...numbers]);
    for (const [k, target] of [parameter, ...kept].entries()) target.assign(next[k] as Tensor);
  });
}

/** Throws unless the learning rate is a number from 0. */
function checkLr(name: string, lr: number): void {
  check(lr >= 0 && Number.isFinite(lr), 'argument', () => `${name}: lr must be a number from 0, got ${lr}.`);
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
function checkState(name: string, slots: readonly string[], { steps, lr, tensors }: OptimizerState): Map<string, Tensor[]> {
  checkWhole(name, 0, { steps });
  if (lr !== undefined) checkLr(name, lr);
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

function once<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
