import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import { whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { StartFlags } from '../training/start.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Watch an LSTM learn to write: it trains on a built-in text for at most a minute, and writes a few lines before and after. Ctrl-C ends it early.')
    .option('--steps <n>', 'updates', whole({ least: 1 }), 1500)
    .option('--seed <n>', 'seed of everything random', whole({ least: 0 }), 0)
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .option('--out <file>', 'save the model there (default: it is not saved)')
    .action(async (flags: StartFlags) => (await import('../training/start.ts')).start(flags, session));
}
