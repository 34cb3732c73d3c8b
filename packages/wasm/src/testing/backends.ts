import { WasmBackend } from '../backend.ts';
import { Heap } from '../memory.ts';
import { chooseProfile } from '../probe.ts';

/** Backends for tests, with the heap in view. */
export function backends(): { readonly name: string; readonly heap: Heap; readonly backend: WasmBackend }[] {
  return [false, true].map((deterministic) => {
    const heap = new Heap({ shared: true });
    return { name: deterministic ? 'deterministic' : 'default', heap, backend: new WasmBackend(heap, chooseProfile({ deterministic })) };
  });
}
