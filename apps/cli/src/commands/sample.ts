import { Option, type Command } from 'commander';
import { backendNames } from '../backend-names.ts';
import { real, whole } from '../numbers.ts';
import type { Session } from '../command.ts';
import type { SampleFlags } from '../sampling/sample.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Let a model that `unroll train` saved write on, character by character.')
    .argument('<model>', 'the model (.safetensors)')
    .option('--prompt <text>', 'what the text begins with', '')
    .option('--temperature <number>', 'how daring: 0 always takes the likeliest character, 1 draws as the model expects', real({ least: 0 }), 0.8)
    .option('--top-k <n>', 'choose among the n likeliest characters only', whole({ least: 1 }))
    .option('--length <n>', 'characters to write', whole({ least: 0 }), 500)
    .option('--seed <n>', 'the same seed gives the same text (default: another one each time)', whole({ least: 0 }))
    .addOption(new Option('--backend <name>', 'what computes').choices(backendNames).default('wasm'))
    .action(async (model: string, flags: SampleFlags) => (await import('../sampling/sample.ts')).sample(model, flags, session));
}
