import { alias, keep, Tensor } from '@unroll/tensor';

/** The same nested arrays and plain objects with new handles to their tensors, which live until `releaseState`. Detached: no gradient flows through them. */
export function retainState<State>(state: State): State {
  return mapTensors(state, (tensor) => keep(alias(tensor, tensor.shape)));
}

/** Frees all tensors in nested arrays and plain objects. */
export function releaseState(state: unknown): void {
  replaceTensors(state, (tensor) => tensor.dispose());
}

/** The same nested arrays and plain objects with another tensor for each; what else is in them stays. */
export function mapTensors<Tree>(tree: Tree, change: (tensor: Tensor) => Tensor): Tree {
  return replaceTensors(tree, change) as Tree;
}

/** The same nested arrays and plain objects with anything else for each tensor. */
export function replaceTensors(value: unknown, change: (tensor: Tensor) => unknown): unknown {
  if (value instanceof Tensor) return change(value);
  if (Array.isArray(value)) return value.map((item) => replaceTensors(item, change));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceTensors(item, change)]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
