import { Option, type Command } from 'commander';
import type { DoctorFlags } from '../doctor/doctor.ts';
import type { Session } from '../command.ts';

export function define(command: Command, session: Session): void {
  command
    .description('Say what this machine computes with: Node, SIMD, threads, the GPU with its features and limits; test each backend against the definitions, and measure from which sizes on the GPU is the faster one.')
    .addOption(new Option('--backend <name>', 'the exit code is 6 where this one does not run here').choices(['wasm', 'webgpu', 'reference']))
    .option('--no-crossover', 'measure nothing')
    .option('--software', 'measure also on a GPU that is a driver for the processor')
    .action(async (flags: DoctorFlags) => (await import('../doctor/doctor.ts')).doctor(flags, session));
}
