import type { RecipeName } from '../recipes/names.ts';
import { learningSpecs, networkSpecs } from './shared.ts';
import type { OptionSpec } from './spec.ts';

/** What the command line knows of a kind of training without loading it. */
export interface RecipeEntry {
  readonly summary: string;
  /** What its data are. */
  readonly data: string;
  readonly specs: readonly OptionSpec[];
}

const holdout: OptionSpec = { key: 'holdout', takes: { kind: 'real', bounds: { least: 0, below: 1 } }, placeholder: 'share', default: 0.1, help: 'share of the data that is not learnt but measured' };

/** Every kind of training. */
export const recipes: Readonly<Record<RecipeName, RecipeEntry>> = {
  text: {
    summary: 'a model that writes, character by character',
    data: 'a UTF-8 text, or several; the last tenth is held out',
    specs: [
      ...networkSpecs,
      ...learningSpecs,
      { key: 'length', takes: { kind: 'whole', bounds: { least: 1 } }, default: 50, help: 'characters that a gradient reaches back' },
      { key: 'vocabulary', takes: { kind: 'choice', choices: ['characters', 'bytes'] }, default: 'characters', help: 'what a symbol is' },
      holdout,
    ],
  },
};

/** Whether a word names a kind of training. */
export function isRecipe(word: unknown): word is RecipeName {
  return typeof word === 'string' && Object.hasOwn(recipes, word);
}
