import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecipeName } from '../recipes/names.ts';
import { projectFile } from './file.ts';
import { isRecipe } from './recipes.ts';

/** Which kind of training a command line is about, found before its options are read, since they depend on it. */
export interface Choice {
  readonly recipe: RecipeName;
  /** Whether its first word says so. */
  readonly named: boolean;
}

/** The first word, else what a config file or the run to resume says, else text. */
export function chosenRecipe(words: readonly string[]): Choice {
  const [first] = words;
  if (isRecipe(first)) return { recipe: first, named: true };
  const resumed = valueOf(words, '--resume');
  const files = [valueOf(words, '--config'), resumed === undefined ? undefined : join(resumed, 'config.json'), projectFile];
  for (const file of files) {
    const recipe = file === undefined ? undefined : recipeIn(file);
    if (isRecipe(recipe)) return { recipe, named: false };
  }
  return { recipe: 'text', named: false };
}

function valueOf(words: readonly string[], flag: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${flag}=`));
  return joined?.slice(flag.length + 1) ?? (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
}

// Faults are told when the file is read in earnest.
function recipeIn(path: string): unknown {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly recipe?: unknown } | null)?.recipe : undefined;
  } catch {
    return undefined;
  }
}
