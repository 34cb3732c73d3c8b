import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allocator } from './allocator.ts';

interface Model { readonly live: { address: number; bytes: number }[]; readonly allocator: Allocator; end: number }

function model(): Model {
  const state: Model = { live: [], allocator: new Allocator(65536, (end) => { state.end = end; }), end: 65536 };
  return state;
}

function place(state: Model, bytes: number): void {
  state.live.push({ address: state.allocator.place(bytes), bytes });
}

function release(state: Model, choice: number): void {
  const [block] = state.live.splice(choice % Math.max(state.live.length, 1), 1);
  if (block !== undefined) state.allocator.release(block.address, block.bytes);
}

function expectDisjoint({ live, end }: Model): void {
  const sorted = live.toSorted((a, b) => a.address - b.address);
  sorted.forEach(({ address, bytes }, k) => {
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(65536);
    // Rounded up, because vectors may be written up to there.
    expect(address + Math.max(1, Math.ceil(bytes / 64)) * 64).toBeLessThanOrEqual(sorted[k + 1]?.address ?? end);
  });
}

const sizes = fc.oneof(fc.nat(300), fc.constantFrom(0, 1, 64, 65, 4096, 32768, 32769, 65536, 65537, 131072), fc.nat(1_000_000));
const actions = fc.array(fc.oneof(fc.record({ bytes: sizes }), fc.record({ choice: fc.nat() })), { maxLength: 200 });

test('blocks never overlap, and when all are free one gap is left', () => {
  fc.assert(fc.property(actions, (list) => {
    const state = model();
    for (const action of list) {
      if ('bytes' in action) place(state, action.bytes);
      else release(state, action.choice);
      expectDisjoint(state);
    }
    while (state.live.length > 0) release(state, state.live.length >> 1);
    const { top, gaps } = state.allocator.layout;
    expect(gaps).toEqual(top === 65536 ? [] : [{ start: 65536, bytes: top - 65536 }]);
  }), { numRuns: 200 });
});

test('freed memory is used again, the smallest gap that fits first', () => {
  const { allocator } = model();
  const [big, , small] = [4, 1, 2, 1].map((chunks) => allocator.place(chunks * 65536));
  allocator.release(big as number, 4 * 65536);
  allocator.release(small as number, 2 * 65536);
  const { top } = allocator.layout;
  expect(allocator.place(100_000)).toBe(small);
  expect(allocator.place(3 * 65536)).toBe(big);
  expect(allocator.place(65536)).toBe((big as number) + 3 * 65536);
  expect(allocator.layout).toEqual({ top, gaps: [] });
});

test('a gap at the end grows instead of staying behind', () => {
  const { allocator } = model();
  const block = allocator.place(2 * 65536);
  allocator.release(block, 2 * 65536);
  expect(allocator.place(3 * 65536)).toBe(block);
});

test('nothing changes when there is no more memory', () => {
  const allocator = new Allocator(65536, (end) => { if (end > 5 * 65536) throw new Error('no more'); });
  allocator.place(2 * 65536);
  const before = allocator.layout;
  expect(() => allocator.place(3 * 65536)).toThrow('no more');
  expect(allocator.layout).toEqual(before);
  expect(allocator.place(2 * 65536)).toBe(3 * 65536);
  expect(() => allocator.place(1)).toThrow('no more');
});

test('small blocks share a chunk, which is given back with the last of them', () => {
  const { allocator } = model();
  const blocks = Array.from({ length: 1024 }, () => allocator.place(64));
  expect(allocator.layout.top).toBe(2 * 65536);
  const other = allocator.place(64);
  expect(allocator.layout.top).toBe(3 * 65536);
  for (const block of blocks) allocator.release(block, 64);
  expect(allocator.layout.gaps).toEqual([{ start: 65536, bytes: 65536 }]);
  allocator.release(other, 64);
  expect(() => allocator.release(other, 64)).toThrow(RangeError);
});
