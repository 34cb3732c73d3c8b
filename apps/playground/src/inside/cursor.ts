/** Where one looks: a step of time, a unit. */
export interface Cursor { readonly t: number; readonly unit: number }
/** How far one can go: T steps, H units. */
export interface Extent { readonly length: number; readonly hidden: number }

const moves: Readonly<Record<string, (cursor: Cursor, extent: Extent) => Cursor>> = {
  ArrowRight: ({ t, unit }) => ({ t: t + 1, unit }),
  ArrowLeft: ({ t, unit }) => ({ t: t - 1, unit }),
  ArrowDown: ({ t, unit }) => ({ t, unit: unit + 1 }),
  ArrowUp: ({ t, unit }) => ({ t, unit: unit - 1 }),
  PageDown: ({ t, unit }) => ({ t: t + 10, unit }),
  PageUp: ({ t, unit }) => ({ t: t - 10, unit }),
  Home: ({ unit }) => ({ t: 0, unit }),
  End: ({ unit }, { length }) => ({ t: length - 1, unit }),
};

/** The cursor, brought back into the extent. */
export function within({ t, unit }: Cursor, { length, hidden }: Extent): Cursor {
  return { t: Math.max(0, Math.min(length - 1, t)), unit: Math.max(0, Math.min(hidden - 1, unit)) };
}

/** The cursor after a key; undefined for keys that move nothing. With Shift the key belongs to the page. */
export function moved(cursor: Cursor, { key, shiftKey, ctrlKey, metaKey, altKey }: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>, extent: Extent): Cursor | undefined {
  if (shiftKey || ctrlKey || metaKey || altKey) return undefined;
  const move = moves[key];
  return move === undefined ? undefined : within(move(cursor, extent), extent);
}
