import { WebGpuError } from '../errors.ts';
import type { Slot, Target } from '../program.ts';

/** Rows of a tensor that can be bound at once; `slot` where they are not all. */
export interface Window { readonly first: number; readonly count: number; readonly isAll: boolean; readonly slot: Pick<Slot, 'offset' | 'bytes'> }

/** All rows of a tensor, in parts that can be bound. */
export function windowsOf(rows: number, width: number, { limits }: Target): Window[] {
  const most = limits.maxStorageBufferBindingSize;
  const step = rows * width * 4 <= most ? Math.max(rows, 1) : Math.floor(most / (Math.max(width, 1) * 4 * 64)) * 64;
  if (step === 0) throw new WebGpuError('limit', `webgpu: 64 rows of ${width} elements have ${width * 256} bytes, this device binds ${most} at a time; use narrower rows.`);
  return Array.from({ length: Math.max(1, Math.ceil(rows / step)) }, (_, k): Window => {
    const window = { first: k * step, count: Math.min(step, rows - k * step), isAll: step >= rows };
    return { ...window, slot: slotOf(window, width) };
  });
}

/** What is bound of a tensor for some rows of `width` elements. */
export function slotOf({ first, count, isAll }: Pick<Window, 'first' | 'count' | 'isAll'>, width: number): Pick<Slot, 'offset' | 'bytes'> {
  return isAll ? {} : { offset: first * width * 4, bytes: count * width * 4 };
}
