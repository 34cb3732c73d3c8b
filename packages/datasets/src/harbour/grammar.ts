import type { Grammar } from './expand.ts';
import { voices } from './voices.ts';
import { world } from './world.ts';

/** The grammar of the harbour. */
export function harbourGrammar(): Grammar {
  return { ...world, ...voices };
}
