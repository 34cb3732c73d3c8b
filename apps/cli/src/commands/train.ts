import { Option, type Command } from 'commander';
import { cellNames } from '../cell-names.ts';
import { real, whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { TrainFlags } from '../training/train.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Train a character model on a UTF-8 text. The last tenth of it is held out: the model never learns from it, and its loss is measured on it at the end. '
      + 'Ctrl-C ends the training early and saves what there is.',
    )
    .argument('<file>', 'the text')
    .addOption(new Option('--cell <name>', 'recurrent cell; `unroll cells` says more of each').choices(cellNames).default('lstm'))
    .addOption(new Option('--cell-file <file>', 'a cell of your own, as equations: `unroll cells gru` shows how they look').conflicts('cell'))
    .option('--hidden <n>', 'units in each layer', whole({ least: 1 }), 128)
    .option('--layers <n>', 'layers', whole({ least: 1 }), 2)
    .option('--embedding <n>', 'numbers that stand for a character', whole({ least: 1 }), 64)
    .option('--dropout <share>', 'share of the units left out at random in training', real({ least: 0, below: 1 }), 0)
    .option('--batch <n>', 'places in the text read side by side', whole({ least: 1 }), 50)
    .option('--length <n>', 'characters that a gradient reaches back', whole({ least: 1 }), 50)
    .option('--steps <n>', 'updates', whole({ least: 1 }), 4000)
    .option('--lr <number>', 'learning rate (Adam)', real({ above: 0 }), 0.002)
    .option('--clip <norm>', 'largest norm of the gradients, 0 for any', real({ least: 0 }), 1)
    .option('--seed <n>', 'seed of everything random', whole({ least: 0 }), 0)
    .addOption(new Option('--backend <name>', 'what computes').choices(['wasm', 'reference']).default('wasm'))
    .option('--out <file>', 'where the model goes (default: the name of the text, .safetensors, here)')
    .action(async (file: string, flags: TrainFlags) => (await import('../training/train.ts')).train(file, flags, session));
}
