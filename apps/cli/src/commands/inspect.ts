import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import { cellNames } from '../cell-names.ts';
import { CliError } from '../errors.ts';
import { whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { InspectFlags } from '../inspect/run.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Look inside: what a model is made of, with the spectral radius of its recurrent weights and the biases of its gates; with --text, what its gates and states do over a text; '
      + 'with --gradient-flow, how far back a gradient reaches, in a model or in fresh layers.',
    )
    .argument('[model]', 'a model, a run folder, or any safetensors file of parameters')
    .option('--text <text>', 'what the model reads')
    .option('--values <names>', 'gates and states to show, such as f,c or f_l0 (default: all)')
    .option('--units <n>', 'units of each in the terminal, the liveliest first', whole({ least: 1 }), 4)
    .option('--svg <file>', 'draw all units there')
    .option('--html <file>', 'the same as a page')
    .option('--gradient-flow', 'the norm of the gradient that reaches each step before the last, and the steps in which it halves')
    .option('--matrix', 'the same for a product with one matrix, repeated: whole it explodes, halved it vanishes')
    .option('--cell <names>', 'cells for --gradient-flow without a model, with commas between', cellList, ['rnn', 'lstm', 'gru'])
    .option('--hidden <n>', 'their units', whole({ least: 1 }), 64)
    .option('--layers <n>', 'their layers', whole({ least: 1 }), 1)
    .option('--length <n>', 'steps, T', whole({ least: 1 }), 100)
    .option('--seed <n>', 'seed of weights and inputs', whole({ least: 0 }), 0)
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .action(async (model: string | undefined, flags: InspectFlags) => (await import('../inspect/run.ts')).inspect(model, flags, session));
}

function cellList(text: string): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !cellNames.includes(name));
  if (unknown !== undefined) throw new CliError('usage', `--cell ${text}: there is no cell "${unknown}"; there are ${cellNames.join(', ')}`);
  return names;
}
