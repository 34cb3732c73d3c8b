import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasPeer, type Peer } from './peers.ts';

/** Something to be measured: a process of its own, which speaks protocol.ts. */
export interface System {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It runs on so many cores, and is compared by the clock: processor time says nothing about threads. */
  readonly cores?: number;
  /** What its figures are worth here, where that has to be said. */
  readonly warning?: string;
}

/** A system that cannot run here, and why. */
export interface Missing { readonly name: string; readonly reason: string }

/** What all others are compared with; always runs. */
export const ours = 'unroll';

/** The version of Node that ours runs on beside the one at hand, where that is older. */
export const newEngine = 24;

/** By name, in the order of the table. A peer is one row here and one file in systems/. */
const makers: Readonly<Record<string, () => System | Missing>> = {
  [ours]: () => makeSystem(ours, 'unroll.ts'),
  'unroll-deterministic': () => makeSystem('unroll-deterministic', 'unroll.ts', ['deterministic']),
  'unroll-turbo': turbo,
  'unroll-threads': () => ({ ...makeSystem('unroll-threads', 'unroll.ts', ['threads']), cores: 2 }),
  'tfjs-wasm': () => makeSystem('tfjs-wasm', 'tfjs.ts', ['wasm']),
  'tfjs-cpu': () => makeSystem('tfjs-cpu', 'tfjs.ts', ['cpu']),
  'jax-js': () => peer('jax-js', '@jax-js/jax', 'jax.ts'),
  'brain.js': () => peer('brain.js', 'brain.js', 'brain.ts'),
  'onnxruntime-web': () => peer('onnxruntime-web', 'onnxruntime-web', 'onnx.ts', ['web']),
  'onnxruntime-node': () => peer('onnxruntime-node', 'onnxruntime-node', 'onnx.ts', ['node']),
  'pytorch': pytorch,
  'pytorch-avx2': pytorchAvx2,
  'pytorch-avx512': pytorchAvx512,
};

/** Those whose packages are installed by the first run that asks for them. */
export const peerSystems: readonly string[] = ['jax-js', 'brain.js', 'onnxruntime-web', 'onnxruntime-node'];

/** Names that may be asked for. */
export const systemNames: readonly string[] = Object.keys(makers);

/**
 * The systems asked for, ours first, and the missing ones. `engines`: further versions of Node for ours, as major versions of the
 * npm package `node` or paths of executables.
 */
export function findSystems(names: readonly string[], engines: readonly string[]): { systems: System[]; missing: Missing[] } {
  const wanted = systemNames.filter((name) => name === ours || names.includes(name));
  const found = [...wanted.flatMap((name) => makers[name]?.() ?? []), ...engines.map((engine) => withEngine(engine))];
  return { systems: found.filter((system) => 'command' in system), missing: found.filter((system) => 'reason' in system) };
}

/** A system that is a file in systems/, run by Node with TypeScript unless told otherwise. */
export function makeSystem(name: string, file: string, args: readonly string[] = [], runtime: readonly string[] = nodeWithTypes(process.execPath)): System {
  return { name, command: [...runtime, fileOf(file), ...args] };
}

function nodeWithTypes(executable: string): string[] {
  return [executable, '--import', import.meta.resolve('tsx')];
}

function peer(name: string, needs: Peer, file: string, args: readonly string[] = []): System | Missing {
  return hasPeer(needs) ? makeSystem(name, file, args) : { name, reason: `the package ${needs} could not be installed into bench/peers` };
}

/** Wider vectors, which V8 has from Node 24 on. */
function turbo(): System | Missing {
  const name = 'unroll-turbo';
  if (Number.parseInt(process.versions.node, 10) >= newEngine) return makeSystem(name, 'unroll.ts', ['turbo']);
  return withEngine(String(newEngine), name, ['turbo']);
}

function withEngine(engine: string, name = `${ours}@${/^\d+$/.test(engine) ? `node${engine}` : engine}`, settings: readonly string[] = []): System | Missing {
  const [command, args] = /^\d+$/.test(engine) ? ['npx', ['-y', `node@${engine}`]] : [engine, []];
  const asked = spawnSync(command, [...args, '-p', 'process.execPath'], { encoding: 'utf8', shell: process.platform === 'win32' });
  const executable = asked.stdout?.trim().split('\n').at(-1);
  if (asked.status !== 0 || !executable) return { name, reason: `no Node at ${engine}: ${firstLine(asked.error?.message ?? asked.stderr)}` };
  return makeSystem(name, 'unroll.ts', settings, nodeWithTypes(executable));
}

/** A Python that has torch, the library that multiplies matrices for it, which processor that takes this one for, and whether it has a GPU. */
export interface PyTorch { readonly python: string; readonly library: string; readonly kernels: string; readonly cuda: boolean }

const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

function pytorch(): System | Missing {
  const found = probePyTorch();
  if (typeof found === 'string') return { name: 'pytorch', reason: found };
  const system = { name: 'pytorch', command: [found.python, fileOf('pytorch.py')], env: oneThread };
  if (!/^libblas\b/.test(found.library)) return system;
  return { ...system, warning: `PyTorch multiplies with ${found.library}, the slow reference implementation: no fair comparison; install OpenBLAS (Debian: libopenblas0-pthread) and run again` };
}

/** OpenBLAS knows processors by name; this makes it take its AVX-512 kernels on one that it does not know. */
function pytorchAvx512(): System | Missing {
  const name = 'pytorch-avx512';
  const found = probePyTorch();
  if (typeof found === 'string') return { name, reason: found };
  if (!/openblas/.test(found.library)) return { name, reason: `PyTorch multiplies with ${found.library}; only OpenBLAS can be told which kernels to take` };
  if (/skylakex|cooperlake|sapphirerapids/i.test(found.kernels)) return { name, reason: `OpenBLAS takes its AVX-512 kernels (${found.kernels}) by itself here, so pytorch is that` };
  if (!hasAvx512()) return { name, reason: 'the processor has no AVX-512, or the system does not say so in /proc/cpuinfo' };
  return { name, command: [found.python, fileOf('pytorch.py')], env: { ...oneThread, OPENBLAS_CORETYPE: 'SKYLAKEX' } };
}

/** What a plain install runs on the many processors that its OpenBLAS does not know, new ones of AMD among them. */
function pytorchAvx2(): System | Missing {
  const name = 'pytorch-avx2';
  const found = probePyTorch();
  if (typeof found === 'string') return { name, reason: found };
  if (!/openblas/.test(found.library)) return { name, reason: `PyTorch multiplies with ${found.library}; only OpenBLAS can be told which kernels to take` };
  if (/haswell|zen/i.test(found.kernels)) return { name, reason: `OpenBLAS takes its AVX2 kernels (${found.kernels}) by itself here, so pytorch is that` };
  return { name, command: [found.python, fileOf('pytorch.py')], env: { ...oneThread, OPENBLAS_CORETYPE: 'Haswell' } };
}

/** The first Python with torch, or why there is none. `UNROLL_PYTHON` names another one. */
export function probePyTorch(): PyTorch | string {
  const pythons = process.env['UNROLL_PYTHON'] === undefined ? ['/usr/bin/python3', 'python3'] : [process.env['UNROLL_PYTHON']];
  for (const python of pythons) {
    const { status, stdout } = spawnSync(python, [fileOf('pytorch.py'), 'probe'], { encoding: 'utf8', env: { ...process.env, ...oneThread } });
    if (status === 0) return { python, ...(JSON.parse(stdout) as Omit<PyTorch, 'python'>) };
  }
  return `no Python with torch (tried ${pythons.join(', ')}); install it (Debian: python3-torch, libopenblas0-pthread) or name one in UNROLL_PYTHON`;
}

function hasAvx512(): boolean {
  try {
    return / avx512f /.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`systems/${name}`, import.meta.url));
}

function firstLine(text: string | undefined): string {
  return text?.trim().split('\n')[0] ?? 'it does not start';
}
