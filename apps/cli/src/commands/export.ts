import { Option, type Command } from 'commander';
import type { Session } from '../command.ts';
import type { ExportFlags } from '../exchange/export.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Give a trained model to other worlds: its parameters alone under PyTorch\'s names (safetensors), an ONNX file, a PyTorch script with its parameters beside it (pytorch), '
      + 'or the weights as Keras\' get_weights() has them (keras).',
    )
    .argument('<model>', 'a model or a run folder')
    .addOption(new Option('--to <format>', 'what to write').choices(['safetensors', 'onnx', 'pytorch', 'keras']).makeOptionMandatory())
    .option('--out <file>', 'where it goes, - for stdout (default: the name of the model with another ending, here)')
    .option('--states', 'in an ONNX file: initial states are inputs and last states outputs, for streaming')
    .action(async (model: string, flags: ExportFlags) => (await import('../exchange/export.ts')).exportModel(model, flags, session));
}
