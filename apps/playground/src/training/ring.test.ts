import { describe, expect, it } from 'vitest';
import { SnapshotRing } from './ring.ts';

describe('SnapshotRing', () => {
  it('covers a run of any length evenly in bounded room', () => {
    const ring = new SnapshotRing<number>(8, 10);
    for (let step = 0; step <= 1000; step++) if (ring.wants(step)) ring.add({ step, content: step });
    expect(ring.steps).toEqual([0, 160, 320, 480, 640, 800, 960]);
    expect(ring.before(500)?.content).toBe(480);
    expect(ring.before(-1)).toBeUndefined();
  });

  it('forgets what another way makes untrue', () => {
    const ring = new SnapshotRing<number>(8, 10);
    for (const step of [0, 10, 20, 30]) ring.add({ step, content: step });
    ring.forget(15);
    expect(ring.steps).toEqual([0, 10]);
    expect(ring.wants(20)).toBe(true);
    expect(ring.wants(10)).toBe(false);
  });
});
