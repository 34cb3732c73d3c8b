import { defaultGenerator } from './generator.ts';
import { scope } from './memory.ts';
import { kernelsOf } from './rehearsal.ts';

/**
 * Compiles what `fn` will need, so that its first run is as quick as the next ones: off this thread, or in slices that leave a page alive.
 * `fn` runs once on tensors that have shapes but no numbers; nothing is computed, and everything that it makes is freed. It must not be
 * async, nor change tensors (an optimiser's step does). The default generator stays where it is.
 *
 * @example
 * await compile(() => model.forward(zeros([64, 1, 32])));
 * await compile(() => valueAndGrad(model, () => mse(model.forward(x)[0], y))());
 */
export async function compile(fn: () => unknown): Promise<void> {
  const before = defaultGenerator().state();
  let found: ReturnType<typeof kernelsOf> = [];
  try {
    found = kernelsOf(() => scope(() => resultOf(fn)));
  } finally {
    defaultGenerator().restore(before);
  }
  for (const [backend, kernels] of found) await backend.compile?.(kernels);
}

// A promise is `scope`'s to refuse; no tensor is to survive.
function resultOf(fn: () => unknown): Promise<unknown> | undefined {
  const result = fn();
  return result instanceof Promise ? result : undefined;
}
