import type { Lab } from './lab.svelte.ts';

/** What can be done by a key, wherever the focus is outside of a field. */
export type Action = 'play' | 'step' | 'reset' | 'seed' | 'first' | 'second' | 'third' | 'copy' | 'help';

/** The key of each action, as `KeyboardEvent.key` has it, and whether Shift is held. */
export const keyOf: Readonly<Record<Action, { readonly key: string; readonly shift?: boolean; readonly shown: string }>> = {
  play: { key: ' ', shown: 'Space' },
  step: { key: 'ArrowRight', shift: true, shown: 'Shift + →' },
  reset: { key: 'r', shown: 'R' },
  seed: { key: 'n', shown: 'N' },
  first: { key: '1', shown: '1' },
  second: { key: '2', shown: '2' },
  third: { key: '3', shown: '3' },
  copy: { key: 'l', shown: 'L' },
  help: { key: '?', shown: '?' },
};

/** The action of a key event; none inside of fields, which have uses of their own for keys. */
export function actionOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const target = event.target as { readonly tagName?: string; readonly type?: string; readonly isContentEditable?: boolean } | null;
  if (target?.isContentEditable === true || ['INPUT', 'SELECT', 'TEXTAREA'].includes(target?.tagName ?? '')) return undefined;
  // On a button or a link the space bar is theirs.
  if (event.key === ' ' && ['BUTTON', 'A', 'SUMMARY'].includes(target?.tagName ?? '')) return undefined;
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
