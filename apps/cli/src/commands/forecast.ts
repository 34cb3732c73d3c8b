import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import type { Session } from '../command.ts';
import type { ForecastFlags } from '../answering/forecast.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Foresee the rows that follow the last of a series, with intervals where the model has them, as CSV on stdout.')
    .argument('<model>', 'a model of `unroll train forecast`, or its run folder')
    .argument('<series>', 'a CSV or Parquet file with the columns of the training; - is stdin, with CSV')
    .addOption(new Option('--coverage <share>', 'share of the truth that an interval should hold').choices(['0.5', '0.8', '0.9', '0.95']).default('0.9'))
    .option('--data-dir <folder>', 'where files of remote sets lie that need not be fetched')
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .action(async (model: string, series: string, flags: ForecastFlags) => (await import('../answering/forecast.ts')).foresee(model, series, flags, session));
}
