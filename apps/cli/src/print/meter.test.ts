import { describe, expect, it } from 'vitest';
import { Meter } from './meter.ts';

describe('Meter', () => {
  it('tells speed and time left of an even training', () => {
    let now = 0;
    const meter = new Meter(100, () => now);
    for (let step = 0; step < 25; step += 1) {
      now += 200;
      meter.add(1.5, 640);
    }
    const { step, steps, loss, losses, tokensPerSecond, secondsLeft } = meter.progress;
    expect([step, steps, losses.length]).toEqual([25, 100, 25]);
    expect(loss).toBeCloseTo(1.5, 12);
    expect(tokensPerSecond).toBeCloseTo(3200, 6);
    expect(secondsLeft).toBeCloseTo(15, 6);
  });

  it('forgets how fast it once was, and how bad', () => {
    let now = 0;
    const meter = new Meter(1000, () => now);
    for (let step = 0; step < 50; step += 1) { now += 1000; meter.add(4, 10); }
    for (let step = 0; step < 300; step += 1) { now += 100; meter.add(2, 10); }
    expect(meter.progress.tokensPerSecond).toBeGreaterThan(95);
    expect(meter.progress.loss).toBeCloseTo(2, 4);
  });

  it('knows nothing before the first step, and counts on from where a training went on', () => {
    const meter = new Meter(10, () => 0, 4);
    expect(meter.progress).toMatchObject({ step: 4, loss: NaN, tokensPerSecond: 0, secondsLeft: Infinity });
    meter.add(1, 1);
    expect(meter.progress).toMatchObject({ step: 5, tokensPerSecond: 0 });
  });
});
