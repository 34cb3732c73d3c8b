import { narrow, squeeze, stack, unsqueeze, zeros, type DType, type Shape, type Tensor } from '@unroll/tensor';
import { check, shapeText } from './errors.ts';
import type { Layout } from './layout.ts';
import type { RecurrentState } from './options.ts';

/** What is known about the states of a stack of layers. */
export interface StateFields {
  /** Of the layer, for errors. */
  readonly name: string;
  /** In the order of the cell, with their channels. */
  readonly states: readonly { readonly name: string; readonly width: number }[];
  /** L·D; undefined for a single cell, whose states are (B, width). */
  readonly rows: number | undefined;
}

/** Shapes of the states for a batch of B rows. */
export function stateShapes({ states, rows }: StateFields, batch: number): number[][] {
  return states.map(({ width }) => [...(rows === undefined ? [] : [rows]), batch, width]);
}

/** The states before the first step, in the order of the cell: those given, checked, or zeros. With a batch axis in any case. */
export function initialStates(state: RecurrentState | undefined, fields: StateFields, { batch, dtype, layout }: { readonly batch: number; readonly dtype: DType; readonly layout: Layout }): readonly Tensor[] {
  const shapes = stateShapes(fields, batch);
  if (state === undefined) return shapes.map((shape) => zeros(shape, { dtype }));
  const axis = fields.rows === undefined ? 0 : 1;
  const given: readonly Tensor[] = Array.isArray(state) ? state : [state];
  checkStates(given, fields, shapes.map((shape) => layout.rowsShape(shape, axis)), dtype);
  return given.map((tensor) => layout.enterRows(tensor, axis));
}

/** As the caller has states: one tensor, or a tuple. */
export function asState(states: readonly Tensor[]): RecurrentState {
  return states.length === 1 ? (states[0] as Tensor) : states;
}

/** And back. */
export function asList(state: RecurrentState): readonly Tensor[] {
  return 'shape' in state ? [state] : state;
}

/** L·D states (B, H) → (L·D, B, H). */
export function stacked(rows: readonly Tensor[]): Tensor {
  return rows.length === 1 ? unsqueeze(rows[0] as Tensor, 0) : stack(rows, 0);
}

/** One state (B, H) of (L·D, B, H). */
export function rowOf(states: Tensor, row: number): Tensor {
  return squeeze(states.shape[0] === 1 ? states : narrow(states, 0, row, 1), 0);
}

// Private.

function checkStates(given: readonly Tensor[], { name, states, rows }: StateFields, shapes: readonly Shape[], dtype: DType): void {
  const names = states.map((state) => state.name);
  check(given.length === shapes.length, 'argument', () => `${name}: the state is ${names.length === 1 ? 'one tensor' : `[${names.join(', ')}]`}, got ${given.length} tensors.`);
  for (const [k, tensor] of given.entries()) {
    const shape = shapes[k] as Shape;
    const axes = [...(rows === undefined ? [] : ['layers x directions']), ...(shape.length > (rows === undefined ? 1 : 2) ? ['B'] : []), 'H'];
    check(shapeText(tensor.shape) === shapeText(shape), 'shape', () => `${name}: state ${names[k]} must be ${shapeText(axes)} = ${shapeText(shape)}, got ${shapeText(tensor.shape)}.`);
    check(tensor.dtype === dtype, 'dtype', () => `${name}: state ${names[k]} must be ${dtype} like the input, got ${tensor.dtype}; convert it with cast().`);
  }
}
