import { expect, test } from 'vitest';
import { endure } from './steps.ts';

// As many steps as a test may take; the script makes 10,000, after which the slope is that of what stays.
test('a training leaves live tensors and pages of memory as they are, and little on the heap', async () => {
  for await (const { tensors: [before, after], pages, heapSlope } of endure(400)) {
    expect(after).toEqual(before);
    expect(pages[1]).toBe(pages[0]);
    expect(heapSlope).toBeLessThan(20_000);
  }
}, 300_000);
