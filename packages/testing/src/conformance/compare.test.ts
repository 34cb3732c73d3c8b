import { input, mul } from '@unroll/expr';
import { reference } from '@unroll/tensor';
import type { Backend, Buffer, HostData, MapKernel } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { expectConforming } from './compare.ts';

const kernel: MapKernel = { kind: 'map', bodies: [mul(input('x0'), 3)], shape: [3], inputs: [{ shape: [3], dtype: 'float32' }], compute: 'float32', dtype: 'float32' };
const one = { kernel, inputs: [new Float32Array([0.1, 2, 3])] };
const right = reference();
const ones = new Float32Array([1, 1, 1]);

// A backend that does right, and then something else.
const faulty = (then: (inputs: readonly Buffer[], outputs: readonly Buffer[]) => void): Backend => ({ ...right, dispatch: (own, inputs, outputs) => { right.dispatch(own, inputs, outputs); then(inputs, outputs); } });
const write = (buffer: Buffer | undefined, data: HostData): void => { if (buffer !== undefined) right.write(buffer, data); };

test('a backend that follows the definition passes, rounding included', async () => {
  await expectConforming(right, one, 0);
});

test.each([
  ['a wrong value', faulty((_, [y]) => { write(y, new Float32Array([0.3, 6.001, 9])); }), 'map of mul(x0, 3), output 0: element 1 is 6.000'],
  ['NaN', faulty((_, [y]) => { write(y, new Float32Array([0.3, 6, NaN])); }), 'element 2 is NaN'],
  ['an output that was not written', { ...right, dispatch: () => undefined }, 'element 0 is NaN'],
  ['a changed input', faulty(([x]) => { write(x, ones); }), 'map: changed its inputs'],
  ['memory left behind', faulty(() => { right.allocate(8); }), 'map: left 8 bytes behind'],
] as const)('%s is found', async (_, backend, message) => {
  await expect(expectConforming(backend, one, 1e-5)).rejects.toThrow(message);
});
