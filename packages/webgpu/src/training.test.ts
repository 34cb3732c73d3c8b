import { trainNetwork, usualCells, type NetworkSizes } from '@unroll/testing';
import { expect, test } from 'vitest';
import type { Statistics } from './contract.ts';
import { anyDevice, type Target } from './program.ts';
import { describeOnDevice } from './testing/device.ts';

/** Limits like those of most devices: the counts are the same everywhere. */
const target: Target = { ...anyDevice, limits: { ...anyDevice.limits, maxStorageBuffersPerShaderStage: 10 }, architecture: 'software' };
const small: NetworkSizes = { steps: 5, batch: 4, inputSize: 6, hiddenSize: 8, layers: 2, classes: 7 };
const [first, second] = usualCells as readonly [string, string];
const isLong = process.env['UNROLL_CI'] === '1';

const counted = ['dispatches', 'submits', 'buffersCreated', 'bindGroupsCreated', 'pipelinesCreated'] as const;
type Counts = Readonly<Record<(typeof counted)[number], number>>;

function countsBetween(before: Statistics, after: Statistics): Counts {
  return Object.fromEntries(counted.map((name) => [name, after[name] - before[name]])) as Counts;
}

await describeOnDevice('training', (makeBackend) => {
  /** What the last of some updates took. */
  const lastOf = async (cell: string, sizes: NetworkSizes, updates: number, on: Target = target): Promise<{ readonly counts: Counts; readonly losses: readonly number[] }> => {
    const backend = await makeBackend({ target: on });
    const states: Statistics[] = [];
    const losses: number[] = [];
    await trainNetwork(backend, cell, sizes, updates, (loss) => {
      losses.push(loss);
      states.push(backend.statistics());
    });
    return { counts: countsBetween(states.at(-2) as Statistics, states.at(-1) as Statistics), losses };
  };

  test.each(usualCells)('two layers of %s: one submission and 51 dispatches an update, whatever T is, and nothing is created', async (cell) => {
    // Layers 17 and 2 for their states, loss and linear layer 21, gradients and their norm 10, the optimiser 1.
    const expected = { dispatches: 51, submits: 1, buffersCreated: 0, bindGroupsCreated: 0, pipelinesCreated: 0 };
    expect((await lastOf(cell, small, 12)).counts).toEqual(expected);
    expect((await lastOf(cell, { ...small, steps: 17 }, 12)).counts).toEqual(expected);
  });

  test('another layer costs no more than 12 dispatches', async () => {
    for (const cell of usualCells) {
      const [two, three] = [await lastOf(cell, small, 6), await lastOf(cell, { ...small, layers: 3 }, 6)];
      expect(three.counts.dispatches - two.counts.dispatches).toBeLessThanOrEqual(12);
    }
  });

  test('with as few buffers as a device may bind, it is one more', async () => {
    const { counts } = await lastOf(second, small, 12, { ...target, limits: anyDevice.limits });
    expect(counts).toMatchObject({ dispatches: 52, submits: 1, buffersCreated: 0 });
  });

  test('the same at a usual size', { timeout: 600_000 }, async () => {
    // A smaller one where nobody asks for all of it.
    const { counts, losses } = await lastOf(first, { steps: isLong ? 64 : 3, batch: isLong ? 32 : 3, inputSize: 32, hiddenSize: isLong ? 256 : 70, layers: 2, classes: 32 }, 4);
    // Longer sums come in two rounds.
    expect(counts).toMatchObject({ dispatches: isLong ? 54 : 52, submits: 1 });
    expect(losses.every((loss) => Number.isFinite(loss))).toBe(true);
  });

  test('a thousand updates leave no more buffers than twenty', { timeout: 300_000 }, async () => {
    const backend = await makeBackend({ target });
    const held: Pick<Statistics, 'buffers' | 'reserved' | 'used' | 'buffersCreated'>[] = [];
    // Shorter where nobody asks for all of it.
    const updates = isLong ? 1000 : 100;
    await trainNetwork(backend, second, { steps: 2, batch: 2, inputSize: 2, hiddenSize: 3, layers: 1, classes: 2 }, updates, () => {
      const { buffers, reserved, used, buffersCreated } = backend.statistics();
      held.push({ buffers, reserved, used, buffersCreated });
    });
    expect(held.at(-1)).toEqual(held[19]);
    expect(backend.statistics().used).toBe(0);
  });
});
