import type { Command } from 'commander';
import { chosenRecipe } from '../options/choose.ts';
import { recipes } from '../options/recipes.ts';
import type { Session } from '../command.ts';

export function define(command: Command, session: Session): void {
  command
    .usage('[RECIPE] [DATA...] [options]')
    .description(
      'Write a config file to begin with, unroll.json, with all settings of a kind of training and their defaults; `unroll train` then needs no flags. '
      + `Kinds are ${Object.entries(recipes).map(([name, { summary }]) => `${name} (${summary})`).join(', ')}.`,
    )
    .argument('[words...]', 'a kind of training, and its data')
    .option('--out <file>', 'where it goes, - for stdout', 'unroll.json')
    .option('--force', 'replace a file that is there')
    .action(async (words: readonly string[], flags: { readonly out: string; readonly force?: true }) => {
      const { recipe, named } = chosenRecipe(words);
      return (await import('../options/print.ts')).writeStarter({ recipe, data: named ? words.slice(1) : words, ...flags }, session);
    });
}
