import { Argument, type Command } from 'commander';
import type { Session } from '../command.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Settings of a training: `config show` reads the config file (unroll.json, or the one that --config names) and prints every setting with where it comes from; '
      + '`config schema` prints the JSON schema of such files, `config events` that of --format json.',
    )
    .addArgument(new Argument('[what]', 'what to print').choices(['show', 'schema', 'events']).default('show'))
    .option('--config <file>', 'the file to read (default: unroll.json, where it is there)')
    .action(async (what: 'show' | 'schema' | 'events', flags: { readonly config?: string }) => (await import('../options/print.ts')).printConfig(what, flags.config, session));
}
