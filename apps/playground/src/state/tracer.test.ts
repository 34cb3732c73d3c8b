import { describe, expect, it } from 'vitest';
import type { Trace, TraceRequest } from '../training/protocol.ts';
import { Tracer } from './tracer.ts';

const trace = (step: number, reach: boolean): Trace => ({
  step, length: 1, hidden: 1, inputs: new Float32Array(1), inputSize: 1, targets: new Float32Array(1), outputs: new Float32Array(1), outputSize: 1, values: {}, ...(reach ? { reach: { h: Float32Array.of(step) } } : {}),
});

function tracer(): { tracer: Tracer; asked: TraceRequest[]; taken: Trace[]; answers: (() => void)[] } {
  const asked: TraceRequest[] = [];
  const taken: Trace[] = [];
  const answers: (() => void)[] = [];
  const made = new Tracer((request) => {
    asked.push(request);
    const step = asked.length;
    return new Promise((resolve) => answers.push(() => resolve(trace(step, request.reach === true))));
  }, (one) => taken.push(one));
  return { tracer: made, asked, taken, answers };
}

describe('Tracer', () => {
  it('asks for nothing while nobody watches', async () => {
    const { tracer: one, asked } = tracer();
    await one.refresh(0, true);
    expect(asked).toEqual([]);
    one.watch({ reach: false })();
    await one.refresh(0, true);
    expect(asked).toEqual([]);
  });

  it('asks once at a time, and again for what changed meanwhile', async () => {
    const { tracer: one, asked, taken, answers } = tracer();
    one.watch({ reach: false });
    const first = one.refresh(0, true);
    await one.refresh(0, true);
    expect(asked).toHaveLength(1);
    answers[0]?.();
    await expect.poll(() => asked.length).toBe(2);
    answers[1]?.();
    await first;
    expect(taken.map(({ step }) => step)).toEqual([1, 2]);
  });

  it('keeps gradients of the same sequence until there are new ones', async () => {
    const { tracer: one, asked, taken, answers } = tracer();
    const end = one.watch({ reach: true });
    const first = one.refresh(4, true);
    answers[0]?.();
    await first;
    end();
    one.watch({ reach: false });
    const second = one.refresh(4, true);
    answers[1]?.();
    await second;
    const third = one.refresh(5, true);
    answers[2]?.();
    await third;
    expect(asked.map(({ reach }) => reach)).toEqual([true, false, false]);
    expect(taken.map(({ reach }) => reach?.['h']?.[0])).toEqual([1, 1, undefined]);
  });
});
