import { makeSystem, probePyTorch, type Missing, type System } from '../systems.ts';

/** What all others are compared with; always runs. */
export const ours = 'unroll-webgpu';

/** By name, in the order of the table. */
const makers: Readonly<Record<string, () => System | Missing>> = {
  [ours]: () => makeSystem(ours, 'unroll.ts', ['webgpu']),
  'unroll-webgpu-whole': () => makeSystem('unroll-webgpu-whole', 'unroll.ts', ['webgpu', 'whole']),
  'unroll-webgpu-step': () => makeSystem('unroll-webgpu-step', 'unroll.ts', ['webgpu', 'step']),
  'unroll-webgpu-lowered': () => makeSystem('unroll-webgpu-lowered', 'unroll.ts', ['webgpu', 'lowered']),
  'unroll-wasm': () => makeSystem('unroll-wasm', 'unroll.ts'),
  'tfjs-webgpu': () => makeSystem('tfjs-webgpu', 'tfjs.ts', ['webgpu']),
  'pytorch-cuda': () => cuda('pytorch-cuda', ['cuda']),
  'pytorch-cuda-tf32': () => cuda('pytorch-cuda-tf32', ['cuda', 'tf32']),
};

/** Names that may be asked for. */
export const gpuSystemNames: readonly string[] = Object.keys(makers);
/** Those that run unless others are asked for: ours, and everything else that can use a GPU. */
export const defaultGpuSystems: readonly string[] = [ours, 'tfjs-webgpu', 'pytorch-cuda', 'pytorch-cuda-tf32'];

/** The systems asked for, ours first, and the missing ones. */
export function findGpuSystems(names: readonly string[]): { readonly systems: readonly System[]; readonly missing: readonly Missing[] } {
  const found = gpuSystemNames.filter((name) => name === ours || names.includes(name)).flatMap((name) => makers[name]?.() ?? []);
  return { systems: found.filter((system) => 'command' in system), missing: found.filter((system) => 'reason' in system) };
}

function cuda(name: string, args: readonly string[]): System | Missing {
  const found = probePyTorch();
  if (typeof found === 'string') return { name, reason: found };
  if (!found.cuda) return { name, reason: `the torch of ${found.python} finds no CUDA device` };
  return makeSystem(name, 'pytorch.py', args, [found.python]);
}
