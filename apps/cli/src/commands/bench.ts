import { Argument, Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import { whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { BenchFlags } from '../benching/tasks.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Learn the tasks of the papers, each until it is solved or its updates are used up, and print what was published, what was reached here, and after how many '
      + 'sequences. With a name, or the beginning of some, only those.',
    )
    .addArgument(new Argument('<suite>', 'what to run').choices(['tasks']))
    .argument('[names...]', 'of the tasks: adding, adding-lstm, copy, ...')
    .option('--seeds <n>', 'how often, each time with another seed, from 0', whole({ least: 1 }), 1)
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .option('--list', 'print the tasks and their settings, and run none')
    .action(async (_suite: string, names: readonly string[], flags: BenchFlags) => (await import('../benching/tasks.ts')).benchTasks(names, flags, session));
}
