import type { RemoteName } from '@unroll/datasets';
import type { Command } from 'commander';
import type { Session } from '../command.ts';
import { chosenRecipe } from '../options/choose.ts';
import { recipes } from '../options/recipes.ts';
import { runSpecs } from '../options/shared.ts';
import { addOptions } from '../options/spec.ts';

/** By name alone: the sets themselves are loaded when one is asked for. */
const remoteNames: Readonly<Record<RemoteName, true>> = { 'tiny-shakespeare': true, 'mnist': true, 'jsb-chorales': true, 'names': true, 'ett': true };

export function define(command: Command, session: Session): void {
  const { recipe, named } = chosenRecipe(session.words);
  const { summary, data, specs } = recipes[recipe];
  const others = Object.entries(recipes).filter(([name]) => name !== recipe).map(([name, entry]) => `${name} (${entry.summary})`);
  command
    .usage(`${named ? recipe : '[RECIPE]'} DATA... [options]`)
    .description(
      `Train ${summary}. DATA is ${data}; - is stdin, and the name of a remote set (${Object.keys(remoteNames).join(', ')}) has it fetched. `
      + 'Ctrl-C ends the training early and saves what there is; --resume goes on, and gives the same bytes as if nothing had happened.'
      + (others.length === 0 ? '' : `\n\nThe first word may name another kind of training: ${others.join(', ')}.`),
    )
    .argument('[data...]', data);
  addOptions(command, specs);
  command
    .option('--config <file>', 'settings as JSON, with the names of the flags in camelCase; unroll.json counts where it is there')
    .option('--run <folder>', 'where checkpoints, log and curve go (default: a new folder in runs)')
    .option('--out <file>', 'where the finished model goes besides')
    .option('--resume [run]', 'go on with a run: its folder, or a checkpoint of it (default: the run of late)');
  addOptions(command, runSpecs);
  command
    .option('--print-config', 'print all settings with where each comes from, and do nothing else')
    .option('--dry-run', 'make a few updates to say shapes, parameters, memory and time, and save nothing')
    .action(async (names: readonly string[]) => (await import('../training/train.ts')).train({ recipe, names: named ? names.slice(1) : names, command }, session));
}
