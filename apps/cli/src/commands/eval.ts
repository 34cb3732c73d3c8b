import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import type { Session } from '../command.ts';
import type { EvaluateFlags } from '../answering/evaluate.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Measure a model on data: its loss, and what else tells how good it is. The data are read as those of its training were.')
    .argument('<model>', 'a model or a run folder')
    .argument('<data...>', 'data of the kind that it learnt from; - is stdin')
    .option('--data-dir <folder>', 'where files of remote sets lie that need not be fetched')
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .action(async (model: string, data: readonly string[], flags: EvaluateFlags) => (await import('../answering/evaluate.ts')).evaluateModel(model, data, flags, session));
}
