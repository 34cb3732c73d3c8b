import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import { whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { PredictFlags } from '../answering/predict.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Let a model answer: a label for each sequence (classify), for each of its steps (tag), or another sequence (translate). Inputs are lines of text; for models that read numbers '
      + 'a CSV file with the columns of the training. A line of output is the input, a tab and the answer.',
    )
    .argument('<model>', 'a model or a run folder')
    .argument('[file]', 'the inputs; - is stdin', '-')
    .option('--text <text...>', 'inputs, instead of a file')
    .option('--top <n>', 'of a classification: the n likeliest labels with their probabilities', whole({ least: 1 }), 1)
    .option('--beams <n>', 'of a translation: follow so many answers side by side', whole({ least: 1 }), 1)
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .action(async (model: string, file: string, flags: PredictFlags) => (await import('../answering/predict.ts')).predict(model, file, flags, session));
}
