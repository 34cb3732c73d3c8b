import type { Command } from 'commander';
import type { Session } from '../command.ts';
import type { ImportFlags } from '../exchange/import.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Take a text model over from another world: an ONNX file, or a safetensors file of parameters, with an embedding, recurrent layers and a linear layer. '
      + 'What `unroll export` wrote says itself what its symbols are; for other files --symbols does.',
    )
    .argument('<file>', 'a file that ends in .onnx or .safetensors; - is stdin')
    .option('--out <file>', 'where the model goes (default: the name of the file with -imported.safetensors, here)')
    .option('--symbols <file>', 'a text with every character that the model knows: they are numbered in the order of their code points; or a JSON list of them in their own order')
    .option('--cell <name>', 'the cell of a safetensors file that does not say (default: by the number of its gates)')
    .action(async (file: string, flags: ImportFlags) => (await import('../exchange/import.ts')).importModel(file, flags, session));
}
