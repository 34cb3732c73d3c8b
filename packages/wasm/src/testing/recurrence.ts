import { add, dot, input, tanh, type Step } from '@unroll/expr';
import type { Backend, Buffer, ScanKernel } from '@unroll/tensor/backend';

/** A plain recurrence of so many units over so many steps and rows, without what tests are run by: workers run it, too. */
export function plainRecurrence(hidden: number, steps: number, batch: number): ScanKernel {
  const next = tanh(add(dot('W', 0, input('x')), dot('R', 0, input('h'))));
  const weight = (name: string): Step['weights'][number] => ({ name, blocks: 1, rows: hidden, columns: hidden, bias: true });
  const step: Step = {
    states: [{ name: 'h', width: hidden }], sequences: [{ name: 'x', width: hidden }], vectors: [], weights: [weight('W'), weight('R')],
    next: [next], outputs: [{ name: 'y', width: hidden, value: next }], accumulations: [], names: [],
  };
  return { kind: 'scan', step, dtype: 'float32', steps, batch, reverse: false, masked: false };
}

/** Memory for it, with numbers in what it reads. The second output is that of all steps. */
export function placesOf(backend: Pick<Backend, 'allocate' | 'write'>, { step, steps, batch }: ScanKernel): { readonly inputs: Buffer[]; readonly outputs: Buffer[] } {
  const hidden = step.states[0]?.width ?? 0;
  const [state, sequence, weight] = [batch * hidden, steps * batch * hidden, hidden * hidden];
  const inputs = [state, sequence, weight, hidden, weight, hidden].map((size) => {
    const buffer = backend.allocate(size * 4);
    backend.write(buffer, Float32Array.from({ length: size }, (_, k) => Math.sin(k)));
    return buffer;
  });
  return { inputs, outputs: [state, sequence].map((size) => backend.allocate(size * 4)) };
}
