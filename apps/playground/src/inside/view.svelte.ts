import type { Cursor } from './cursor.ts';

/** Where the views of the inside look: shared with lessons, which may move it. */
export class View {
  // The end of a sequence is where most is asked and most is remembered.
  cursor: Cursor = $state({ t: Infinity, unit: 0 });
  /** Move to the first step at which what was read last ends so, and to the unit that tells it from another such step, as soon as there is a trace to look into. */
  sought: { readonly read: string; readonly apart: string | undefined } | undefined = $state.raw(undefined);
}
