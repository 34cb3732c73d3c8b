import type { Adapter } from './adapter.ts';
import type { RecipeName } from './names.ts';

/** Every kind of training, loaded when it is asked for. */
export const adapters: Readonly<Record<RecipeName, () => Promise<Adapter>>> = {
  text: async () => (await import('./text.ts')).textAdapter,
  classify: async () => (await import('./sequences.ts')).sequenceAdapter('classify'),
  tag: async () => (await import('./sequences.ts')).sequenceAdapter('tag'),
  forecast: async () => (await import('./sequences.ts')).sequenceAdapter('forecast'),
  translate: async () => (await import('./sequences.ts')).sequenceAdapter('translate'),
};
