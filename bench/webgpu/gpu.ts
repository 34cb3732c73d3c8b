/** What a process has asked of its GPU, whoever did: this library or another one. */
export interface Counts {
  readonly dispatches: number;
  readonly submits: number;
  readonly buffers: number;
}

/** The part of the package `webgpu` that is used. Its own types declare the GPU anew, so that they cannot stand beside TypeScript's. */
interface NodeWebGpu { readonly create: (flags: readonly string[]) => GPU; readonly globals: Readonly<Record<string, { readonly prototype: object }>> }

const counts = { dispatches: 0, submits: 0, buffers: 0 };
/** Collected, it would take the process with it. */
let pinned: GPU | undefined;

/** Makes this process one with `navigator.gpu`, as browsers have it, and counts from now on. Gives the name of the adapter. */
export async function openGpu(): Promise<string> {
  const name: string = 'webgpu';
  const { create, globals } = await import(name) as NodeWebGpu;
  Object.assign(globalThis, globals);
  pinned = create([]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: pinned }, configurable: true });
  count(globals, 'GPUComputePassEncoder', 'dispatchWorkgroups', 'dispatches');
  count(globals, 'GPUQueue', 'submit', 'submits');
  count(globals, 'GPUDevice', 'createBuffer', 'buffers');
  const info = (await pinned.requestAdapter({ powerPreference: 'high-performance' }))?.info;
  if (info === undefined) throw new Error('there is no GPU adapter; VK_ICD_FILENAMES names the drivers, scripts/vulkan.sh installs one for the CPU');
  return [info.device, info.description, info.vendor, info.architecture].filter((part) => part !== '').slice(0, 2).join(', ') || 'an adapter without a name';
}

/** All that was counted so far. */
export function countsSoFar(): Counts {
  return { ...counts };
}

function count(globals: NodeWebGpu['globals'], type: string, method: string, what: keyof typeof counts): void {
  const prototype = globals[type]?.prototype as Record<string, (...args: unknown[]) => unknown>;
  const own = prototype[method] as (...args: unknown[]) => unknown;
  prototype[method] = function counted(this: unknown, ...args: unknown[]): unknown {
    counts[what] += 1;
    return own.apply(this, args);
  };
}
