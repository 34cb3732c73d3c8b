import { currentBackend } from '@unroll/tensor';
import { checkpointBytes } from '../files/checkpoint.ts';
import type { Opened } from './open.ts';
import type { Tell } from './protocol.ts';

/** Updates that are made to see how long one takes; the first few are slower. */
const trials = 6;
const warm = 2;

/** Makes a few updates, forgets them, and tells what the whole training would be. Writes nothing. */
export async function plan({ recipe, trainee }: Opened, tell: Tell): Promise<void> {
  const { steps, about, parameters } = trainee;
  const sizes = Object.values(parameters).map(({ size }) => size);
  const done = trainee.optimizer.steps;
  const secondsPerStep = await timed(trainee);
  const content = trainee.content();
  const learnt = Object.entries(content.tensors).filter(([name]) => name.startsWith('optimizer.')).reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const own = Object.values(parameters).reduce((sum, { bytes }) => sum + bytes, 0);
  tell({
    event: 'plan', t: 0, step: done, epoch: 0, recipe, steps, about,
    parameters: sizes.reduce((sum, size) => sum + size, 0),
    shapes: Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape])),
    parameterBytes: 2 * own + learnt,
    peakBytes: currentBackend().memory().reserved,
    checkpointBytes: (await checkpointBytes(content, { unroll: '' })).length,
    secondsPerStep,
    seconds: secondsPerStep * Math.max(0, steps - done),
  });
}

async function timed(trainee: Opened['trainee']): Promise<number> {
  const times: number[] = [];
  let last = performance.now();
  for await (const { kind } of trainee.train(new AbortController().signal)) {
    const now = performance.now();
    if (kind === 'step') times.push(now - last);
    last = now;
    if (times.length >= trials) break;
  }
  const counted = times.length > warm ? times.slice(warm) : times;
  return counted.length === 0 ? 0 : counted.reduce((sum, time) => sum + time, 0) / counted.length / 1000;
}
