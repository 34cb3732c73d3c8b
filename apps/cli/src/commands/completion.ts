import { Argument, type Command } from 'commander';
import type { Session } from '../command.ts';
import type { Shell } from '../completion/scripts.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Print a script with which a shell completes commands, options and their values: eval "$(unroll completion bash)".')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => (await import('../completion/print.ts')).printCompletion(shell, session));
}
