import { Command } from 'commander';
import type { Session } from '../command.ts';
import { recipes } from '../options/recipes.ts';
import { addOutputOptions } from '../output.ts';
import { completionScripts, type Completions, type Shell } from './scripts.ts';

/** `unroll completion`: the script of a shell, made from the options that the commands define. */
export async function printCompletion(shell: Shell, session: Session): Promise<void> {
  session.io.stdout.write(completionScripts[shell](await completions(session)));
}

async function completions(session: Session): Promise<Completions> {
  const found = await Promise.all(Object.entries(session.commands).map(async ([name, { summary, load }]) => {
    const command = new Command(name);
    (await load()).define(command, { ...session, words: [] });
    addOutputOptions(command);
    const options = command.options.flatMap(({ long, description, argChoices = [] }) => (typeof long === 'string' ? [{ flag: long, help: description, choices: argChoices }] : []));
    const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    return { name, summary, options, words: name === 'train' || name === 'init' ? Object.keys(recipes) : choices };
  }));
  return { commands: found };
}
