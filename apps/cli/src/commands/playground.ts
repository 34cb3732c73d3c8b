import type { Command } from 'commander';
import { whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { PlaygroundFlags } from '../playground/playground.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Open the playground: a page that trains RNN, LSTM, GRU or a cell of your own side by side in your browser. It is served from this machine to this machine alone; Ctrl-C ends it.')
    .option('--port <n>', 'port to listen on; 0 takes a free one', whole({ least: 0, most: 65_535 }), 4173)
    .option('--no-isolation', 'without the headers that let a page share memory between threads')
    .action(async (flags: PlaygroundFlags) => (await import('../playground/playground.ts')).playground(flags, session));
}
