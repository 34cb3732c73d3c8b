import { expect, test } from 'vitest';
import { WasmBuffer, type Form } from './buffer.ts';
import { Heap } from './memory.ts';

/** Every number doubled. */
function doubled(heap: Heap): { readonly form: Form; readonly made: () => number } {
  let made = 0;
  const fill = (source: number, target: number): void => {
    made += 1;
    const { float32 } = heap.views;
    for (let k = 0; k < 4; k++) float32[target / 4 + k] = 2 * (float32[source / 4 + k] as number);
  };
  return { form: { key: 'doubled', bytes: 16, fill }, made: () => made };
}

test('another form of the numbers is made for one use first, and stays from the second use on', () => {
  const heap = new Heap({ shared: true });
  const buffer = new WasmBuffer(heap, 16);
  const working = heap.scratch(16);
  const { form, made } = doubled(heap);
  heap.views.float32.set([1, 2, 3, 4], buffer.address / 4);
  const first = buffer.form(form, working);
  const before = heap.statistics.arenas;
  const second = buffer.form(form, working);
  expect([first, made(), heap.statistics.arenas - before]).toEqual([working, 2, 16]);
  expect([second === working, buffer.form(form, working), made()]).toEqual([false, second, 2]);
  expect([...heap.views.float32.slice(second / 4, second / 4 + 4)]).toEqual([2, 4, 6, 8]);
});

test('numbers that change, and a buffer that is freed, take their other forms with them', () => {
  const heap = new Heap({ shared: true });
  const buffer = new WasmBuffer(heap, 16);
  const working = heap.scratch(16);
  const { form, made } = doubled(heap);
  const before = heap.statistics.arenas;
  for (let k = 0; k < 3; k++) buffer.form(form, working);
  buffer.changed();
  expect([heap.statistics.arenas, buffer.form(form, working), made()]).toEqual([before, working, 3]);
  for (let k = 0; k < 3; k++) buffer.form(form, working);
  buffer.free();
  expect(heap.statistics.arenas).toBe(before);
});

test('where memory ends, a form is made anew each time', () => {
  const heap = new Heap({ shared: true, maximumPages: 20 });
  const working = heap.scratch(100_000);
  const buffer = new WasmBuffer(heap, 900_000);
  const { form, made } = doubled(heap);
  for (let k = 0; k < 3; k++) expect(buffer.form({ ...form, bytes: 900_000 }, working)).toBe(working);
  expect(made()).toBe(3);
});
