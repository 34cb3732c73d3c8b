import { cells, lstm } from '@unroll/cells';
import type { Cache, Workload } from '@unroll/device';
import { use } from '@unroll/tensor';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BackendName } from '../backend-names.ts';
import { useBackend } from '../backend.ts';
import { cacheFolder } from '../files/remote.ts';
import type { Values } from '../options/spec.ts';
import type { Job } from './protocol.ts';

/** Puts the backend of a job in use. Where it is left to us, that is the faster one for its sizes, and `say` hears why. */
export async function useChoice({ backend, config }: Pick<Job, 'backend' | 'config'>, say: (sentence: string) => void): Promise<BackendName> {
  if (backend !== 'auto') {
    await useBackend(backend);
    return backend;
  }
  const { openBackend } = await import('@unroll/device');
  const { name, backend: opened, because } = await openBackend('auto', { workload: workloadOf(config), cache: fileCache(join(cacheFolder(), 'crossover.json')) });
  use(opened);
  say(because ?? `computing on ${name}`);
  return name;
}

/** A training step of the network that these settings describe, as far as they do; the rest is usual. */
export function workloadOf(config: Values): Workload {
  const size = (key: string, usual: number): number => (typeof config[key] === 'number' && config[key] > 0 ? config[key] : usual);
  const hidden = size('hidden', 128);
  const named = Object.entries(cells).find(([name]) => name === config['cell']);
  return { cell: named?.[1] ?? lstm, inputSize: size('embedding', hidden), hiddenSize: hidden, numLayers: size('layers', 1), steps: size('length', 64), batch: size('batch', 32) };
}

/** Measurements in a file. Where it cannot be read or written, they are made again. */
function fileCache(path: string): Cache {
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    } catch {
      return {};
    }
  };
  return {
    get: (key) => {
      const found = read()[key];
      return typeof found === 'string' ? found : undefined;
    },
    set: (key, value) => {
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, JSON.stringify({ ...read(), [key]: value }));
      } catch {
        // Nobody waits for it.
      }
    },
  };
}
