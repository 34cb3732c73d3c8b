import { Tensor } from '@unroll/tensor';

/**
 * The gradients of a value of type T: the same nested arrays and plain objects, with a gradient in the place of each tensor and
 * undefined elsewhere. An int32 tensor has no gradient; the type cannot tell it from the others, its place holds undefined.
 */
export type Gradients<T> = T extends Tensor ? Tensor : T extends readonly unknown[] | { readonly [key: string]: unknown } ? { readonly [K in keyof T]: Gradients<T[K]> } : undefined;

/** A tensor inside a value, and where: `[0].weights.b`. */
export interface Leaf { readonly path: string; readonly tensor: Tensor }

/** Rebuilds nested arrays and plain objects with `change` applied to tensors and `other` to everything else. */
export function mapTree(tree: unknown, change: (tensor: Tensor, path: string) => unknown, other: (value: unknown, path: string) => unknown, path = ''): unknown {
  if (tree instanceof Tensor) return change(tree, path);
  if (Array.isArray(tree)) return tree.map((item, k) => mapTree(item, change, other, `${path}[${k}]`));
  if (isPlain(tree)) return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapTree(item, change, other, path === '' ? key : `${path}.${key}`)]));
  return other(tree, path);
}

/** The tensors in nested arrays and plain objects, in order. */
export function leavesOf(tree: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  mapTree(tree, (tensor, path) => leaves.push({ path, tensor }), () => undefined);
  return leaves;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
