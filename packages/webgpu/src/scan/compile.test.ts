import { everyLayer } from '@unroll/testing';
import { expect, test } from 'vitest';
import { shadersOf } from '../compile.ts';
import { openDevice } from '../probe.ts';
import type { Shader, Target } from '../program.ts';
import { refusalsOf } from '../testing/refusals.ts';

/** What code depends on, besides limits: a GPU, a processor whose lanes share what they read, one whose lanes do not. */
const architectures: readonly Pick<Target, 'architecture' | 'subgroupSize'>[] = [
  { architecture: 'ampere', subgroupSize: 32 }, { architecture: 'software', subgroupSize: 8 }, { architecture: 'swiftshader', subgroupSize: 0 },
];

test('every form of every cell, forward and backward, with and without a mask, is accepted by a device that runs nothing', async () => {
  const { device, target } = await openDevice({ flags: ['backend=null'] });
  const shaders = new Map<string, Shader>();
  for (const { forward, backward } of everyLayer({ steps: 3, batch: 9, hidden: 13 })) {
    for (const kernel of [forward, backward]) {
      for (const masked of [false, true]) {
        for (const architecture of architectures) for (const shader of shadersOf({ ...kernel, masked }, { ...target, ...architecture })) shaders.set(shader.code, shader);
      }
    }
  }
  expect(await refusalsOf(device, shaders.values())).toEqual([]);
  expect(shaders.size).toBeGreaterThan(500);
  device.destroy();
});
