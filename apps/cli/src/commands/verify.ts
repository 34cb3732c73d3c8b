import { Option, type Command } from 'commander';
import { backendNames, type BackendName } from '../backend-names.ts';
import { real } from '../numbers.ts';
import { painter } from '../print/style.ts';
import type { Session } from '../command.ts';

interface Flags {
  readonly backend: BackendName;
  readonly text?: string;
  readonly tolerance?: number;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Run the modules of reference files (parameters, inputs, results and gradients of a PyTorch module, or a training curve) and print how far '
      + 'our numbers are from theirs.',
    )
    .argument('<file...>', 'reference files (.safetensors)')
    .addOption(new Option('--backend <name>', 'what computes: in float32 on the processor (wasm) or the GPU (webgpu), or in float64 (reference)').choices(backendNames).default('wasm'))
    .option('--text <file>', 'the text that training curves were made from')
    .option('--tolerance <number>', 'largest error allowed: absolute, or relative where the value is above 1 (default: 2e-5 on wasm, 2e-4 on webgpu, 1e-10 on reference; for training curves 1e-5, 2e-4 on webgpu)', real({ least: 0 }))
    .action((files: readonly string[], flags: Flags) => verify(files, flags, session));
}

async function verify(files: readonly string[], { backend, text, tolerance }: Flags, { io, format, finish }: Session): Promise<void> {
  const { verifyFiles } = await import('../verify/run.ts');
  const { jsonLine, textLine } = await import('../verify/verdict.ts');
  const paint = painter(io, io.stdout);
  const width = Math.max(...files.map((file) => file.length));
  const options = { backend, text, tolerance };
  let failed = 0;
  for await (const verdict of verifyFiles(files, options)) {
    if (!verdict.ok) failed += 1;
    io.stdout.write(`${format === 'json' ? jsonLine(verdict) : textLine(verdict, width, paint)}\n`);
  }
  io.stderr.write(`${files.length - failed} of ${files.length} files agree with PyTorch on the ${backend} backend\n`);
  if (failed > 0) finish('runtime');
}
