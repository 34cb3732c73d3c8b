import { Tensor } from '@unroll/tensor';
import { recording, type DType, type Kernel, type Recorder, type Shape } from '@unroll/tensor/backend';
import { extend, savesOf } from './rules/index.ts';

/** Something that gradients flow to: a watched tensor, or one computed from it. */
export interface Variable { readonly shape: Shape; readonly dtype: DType }

/** One kernel that ran. */
export interface TapeNode {
  readonly kernel: Kernel;
  /** Per input, undefined where no gradient flows. */
  readonly inputs: readonly (Variable | undefined)[];
  readonly outputs: readonly (Variable | undefined)[];
  /** What the rule reads, undefined for the rest. */
  readonly savedInputs: readonly (Saved | undefined)[];
  readonly savedOutputs: readonly (Saved | undefined)[];
}

/** Whoever listens at this moment; the tapes around it are its `outer` ones. */
let active: Tape | undefined;

function activate(tape: Tape | undefined): Tape | undefined {
  const before = active;
  active = tape;
  return before;
}

/** The numbers of a tensor, held for a rule beyond the tensor's own life. */
export class Saved {
  readonly #original: Tensor;
  readonly #storage: Tensor['storage'];
  #held: Tensor | undefined;

  constructor(original: Tensor) {
    this.#original = original;
    this.#storage = original.storage.retain();
  }

  /** A new tensor with these numbers, which the tapes that are listening take for the original. */
  open(): Tensor {
    const storage = this.#held?.storage ?? this.#storage;
    const copy = new Tensor(this.#original.shape, this.#original.dtype, storage);
    active?.alias(this.#original, copy);
    return copy;
  }

  /** Puts a tensor of the scope around in the place of the memory: it is freed with that scope. */
  settle(): Tensor {
    this.#held = this.open();
    this.#storage.release();
    return this.#held;
  }

  release(): void {
    if (this.#held === undefined) this.#storage.release(); else this.#held.dispose();
  }
}

/**
 * Writes down the kernels that depend on watched tensors, in order, and holds what their rules will read; nothing else. A tape that
 * is made while another one listens passes everything on to it, so gradients of gradients are nothing special.
 */
export class Tape implements Recorder {
  readonly #outer: Tape | undefined = active;
  readonly #variables = new Map<Tensor, Variable>();
  #nodes: TapeNode[] = [];

  get nodes(): readonly TapeNode[] { return this.#nodes; }

  /** Runs `body` while this tape listens. */
  listen<T>(body: () => T): T {
    const before = activate(this);
    try {
      return recording(this, body);
    } finally {
      activate(before);
    }
  }

  /** Lets gradients flow to a tensor. */
  watch(tensor: Tensor): Variable {
    const known = this.#variables.get(tensor);
    if (known !== undefined) return known;
    const variable = { shape: tensor.shape, dtype: tensor.dtype };
    this.#variables.set(tensor, variable);
    return variable;
  }

  /** What stands for a tensor, undefined where it depends on nothing that is watched. */
  variableOf(tensor: Tensor): Variable | undefined {
    return this.#variables.get(tensor);
  }

  extend(kernel: Kernel, inputs: readonly Tensor[]): Kernel {
    return this.#family().some((tape) => tape.#depends(inputs)) ? extend(kernel) : kernel;
  }

  record(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    for (const tape of this.#family()) if (tape.#depends(inputs)) tape.#note(kernel, inputs, outputs);
  }

  alias(input: Tensor, output: Tensor): void {
    for (const tape of this.#family()) {
      const variable = tape.#variables.get(input);
      if (variable !== undefined) tape.#variables.set(output, variable);
    }
  }

  /** Forgets the last kernel, and frees what was held for it. */
  pop(): void {
    const node = this.#nodes.pop();
    for (const saved of node === undefined ? [] : [...node.savedInputs, ...node.savedOutputs]) saved?.release();
  }

  /** Makes everything that is held belong to the scope around; returns it. Nothing more can be recorded. */
  settle(): Tensor[] {
    this.#variables.clear();
    return this.#nodes.flatMap((node) => [...node.savedInputs, ...node.savedOutputs].flatMap((saved) => saved?.settle() ?? []));
  }

  /** Frees everything that is held. */
  dispose(): void {
    while (this.#nodes.length > 0) this.pop();
    this.#variables.clear();
  }

  #depends(inputs: readonly Tensor[]): boolean {
    return inputs.some((tensor) => this.#variables.has(tensor));
  }

  #family(): Tape[] {
    return this.#outer === undefined ? [this] : [this, ...this.#outer.#family()];
  }

  #note(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    const variables = inputs.map((tensor) => this.#variables.get(tensor));
    const results = outputs.map((tensor) => (tensor.dtype === 'int32' ? undefined : this.watch(tensor)));
    if (results.every((result) => result === undefined)) return;
    const saves = savesOf(kernel, variables.map((variable) => variable !== undefined));
    const held = (tensors: readonly Tensor[], places: readonly number[]): (Saved | undefined)[] => tensors.map((tensor, k) => (places.includes(k) ? new Saved(tensor) : undefined));
    this.#nodes.push({ kernel, inputs: variables, outputs: results, savedInputs: held(inputs, saves.inputs), savedOutputs: held(outputs, saves.outputs) });
  }
}
