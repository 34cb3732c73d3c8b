import { cast, scope, Tensor } from '@unroll/tensor';
import { check, StateDictError, type ShapeMismatch } from './errors.ts';

/** Tensors by name, as `stateDict` gives them: `embedding.weight`, `rnn.weight_ih_l0`, `head.bias`. */
export type StateDict = Readonly<Record<string, Tensor>>;

/** How `loadStateDict` treats names that differ. */
export interface LoadOptions {
  /** Default true: missing and unexpected names are an error. False: what fits by name is loaded. Shapes must fit in any case. */
  readonly strict?: boolean;
}

/** Names on which a state dict and a module did not agree, where `strict` is false; otherwise both are empty. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/**
 * A network, or a part of one: an object whose fields are its parameter tree.
 *
 * Fields that hold a `Tensor` are parameters under the field's name; fields that hold a `Module` are its parts, with their
 * parameters under `field.name`; an array of either counts as a list (`field.0`). The order is that of PyTorch: a module's own
 * tensors first, then its parts, each in the order in which the fields were assigned. Fields written with `#` are private to
 * their class and take no part. A parameter lives until `dispose`; an optimiser changes it by `Tensor#assign`.
 *
 * @example
 * class Classifier extends Module {
 *   rnn = new GRU(28, 128);
 *   head = new Linear(128, 10);
 *   forward(rows: Tensor) { ... }
 * }
 */
export abstract class Module {
  #training = true;

  /** Whether dropout drops: true until `eval()`. */
  get training(): boolean {
    return this.#training;
  }

  /** What is learnt, by name. A tensor that appears twice (tied weights) is listed under its first name alone. */
  parameters(): Record<string, Tensor> {
    const seen = new Set<Tensor>();
    const first = ([, tensor]: readonly [string, Tensor]): boolean => seen.size < seen.add(tensor).size;
    return Object.fromEntries([...this.#named('')].filter(first));
  }

  /** Everything that has to be saved, by name in PyTorch's order: the module's tensors themselves, not copies. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(this.#named(''));
  }

  /**
   * Takes over values by name; other float types are converted. The tensors given stay the caller's.
   *
   * @throws StateDictError that lists every missing, unexpected and misshapen tensor; the module is then unchanged.
   */
  loadStateDict(values: StateDict | ReadonlyMap<string, Tensor>, { strict = true }: LoadOptions = {}): LoadReport {
    const given = new Map(values instanceof Map ? values : Object.entries(values as StateDict));
    const own = this.stateDict();
    const missing = Object.keys(own).filter((name) => !given.has(name));
    const unexpected = [...given.keys()].filter((name) => !Object.hasOwn(own, name));
    const mismatched = mismatches(own, given);
    if (mismatched.length > 0 || (strict && missing.length + unexpected.length > 0)) throw new StateDictError({ missing, unexpected, mismatched });
    for (const [name, target] of Object.entries(own)) checkKind(name, target, given.get(name));
    scope(() => {
      for (const [name, target] of Object.entries(own)) {
        const value = given.get(name);
        if (value !== undefined) target.assign(value.dtype === target.dtype ? value : cast(value, target.dtype));
      }
    });
    return { missing, unexpected };
  }

  /** Switches the module and all its parts to training (dropout drops), or back with `false`. Returns the module. */
  train(mode = true): this {
    this.#training = mode;
    for (const [, part] of parts(this)) if (part instanceof Module) part.train(mode);
    return this;
  }

  /** Switches to evaluation: dropout lets everything through. Returns the module. */
  eval(): this {
    return this.train(false);
  }

  /** Frees all parameters. A second call does nothing. */
  dispose(): void {
    for (const tensor of Object.values(this.stateDict())) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The module's own tensors by name, without those of its parts. For layers that compute the names of their parameters. */
  protected ownTensors(): Iterable<readonly [name: string, tensor: Tensor]> {
    return Object.entries(this).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
  }

  *#named(prefix: string): Generator<readonly [string, Tensor], void, void> {
    for (const [name, tensor] of this.ownTensors()) yield [prefix + name, tensor];
    for (const [name, part] of parts(this)) {
      if (part instanceof Module) yield* part.#named(`${prefix}${name}.`);
      else yield [prefix + name, part];
    }
  }
}

/** Modules in fields, and modules and tensors in arrays. */
function* parts(module: Module): Generator<readonly [string, Module | Tensor], void, void> {
  for (const [field, value] of Object.entries<unknown>({ ...module })) {
    if (value instanceof Module) yield [field, value];
    if (!Array.isArray(value)) continue;
    for (const [index, item] of value.entries() as ArrayIterator<[number, unknown]>) if (item instanceof Module || item instanceof Tensor) yield [`${field}.${index}`, item];
  }
}

function mismatches(own: StateDict, given: ReadonlyMap<string, Tensor>): ShapeMismatch[] {
  return Object.entries(own).flatMap(([name, { shape: expected }]) => {
    const got = given.get(name)?.shape;
    return got === undefined || sameShape(got, expected) ? [] : [{ name, expected, got }];
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

function checkKind(name: string, target: Tensor, value: Tensor | undefined): void {
  if (value === undefined) return;
  check(!value.disposed, 'argument', () => `loadStateDict: ${name} was freed before; keep it with keep(), or load it inside the scope that made it.`);
  check((value.dtype === 'int32') === (target.dtype === 'int32'), 'dtype',
    () => `loadStateDict: ${name} must be ${target.dtype}, got ${value.dtype}; convert it with cast().`);
  check(value.backend === target.backend, 'argument',
    () => `loadStateDict: ${name} lives on the ${value.backend.name} backend, the module on ${target.backend.name}; move it with await to().`);
}
