import type { Lab } from './lab.svelte.ts';

/** What can be done by a key, wherever the focus is outside of a field. */
export type Action = 'play' | 'step' | 'reset' | 'seed' | 'first' | 'second' | 'third' | 'sample' | 'copy' | 'help';

/** The key of each action, as `KeyboardEvent.key` has it, and whether Shift is held. */
export const keyOf: Readonly<Record<Action, { readonly key: string; readonly shift?: boolean; readonly shown: string }>> = {
  play: { key: ' ', shown: 'Space' },
  step: { key: 'ArrowRight', shift: true, shown: 'Shift + →' },
  reset: { key: 'r', shown: 'R' },
  seed: { key: 'n', shown: 'N' },
  first: { key: '1', shown: '1' },
  second: { key: '2', shown: '2' },
  third: { key: '3', shown: '3' },
  sample: { key: 's', shown: 'S' },
  copy: { key: 'l', shown: 'L' },
  help: { key: '?', shown: '?' },
};

interface Target { readonly tagName?: string; readonly type?: string; readonly isContentEditable?: boolean }
/** Inputs that nobody types into. */
const untyped: ReadonlySet<string> = new Set(['range', 'checkbox', 'radio', 'button']);

/** Whether keys go into what has the focus: a field, a list, an editor. */
export function typing(target: EventTarget | null): boolean {
  const { tagName = '', type = '', isContentEditable = false } = (target ?? {}) as Target;
  return isContentEditable || tagName === 'SELECT' || tagName === 'TEXTAREA' || (tagName === 'INPUT' && !untyped.has(type));
}

/** The action of a key event; none inside of fields, which have uses of their own for keys. */
export function actionOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (typing(event.target)) return undefined;
  const { tagName = '', type = '' } = (event.target ?? {}) as Target;
  // On a button, a link or a box to tick the space bar is theirs, on a slider the arrows.
  if (event.key === ' ' && (['BUTTON', 'A', 'SUMMARY'].includes(tagName) || (tagName === 'INPUT' && type !== 'range'))) return undefined;
  if (event.key.startsWith('Arrow') && tagName === 'INPUT') return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return (Object.keys(keyOf) as Action[]).find((action) => keyOf[action].key === key && (keyOf[action].shift === undefined || event.shiftKey));
}

/** Does it. Returns false for what is not the lab's business. */
export function act(lab: Lab, action: Action): boolean {
  const deeds: Partial<Record<Action, () => unknown>> = {
    play: () => (lab.playing ? lab.pause() : lab.play()),
    step: () => lab.train(1),
    reset: () => lab.reset(),
    seed: () => lab.newSeed(),
    first: () => (lab.selected = 0),
    second: () => (lab.selected = 1),
    third: () => (lab.selected = 2),
  };
  const deed = deeds[action];
  void deed?.();
  return deed !== undefined;
}
