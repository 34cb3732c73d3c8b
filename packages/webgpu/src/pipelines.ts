import { WebGpuError } from './errors.ts';
import type { Access, Shader } from './program.ts';

/** A shader ready to run. */
export interface Prepared {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Which layout. */
  readonly layoutKey: string;
  /** When it was asked for last, in requests. */
  used: number;
}

/** A part of a buffer as it is bound. */
export interface Bound {
  /** Of the buffer: no other one has or had it. */
  readonly id: number;
  readonly gpu: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** Bytes of a uniform block: what its offset in the arena has to be a multiple of. */
export const uniformBytes = 256;
/** Bind groups that stay. */
const keptGroups = 8192;
/** WebGPU's bit for the compute stage. */
const computeStage = 4;

/** Pipelines by code, and bind groups by the buffers in them: each is made once, as long as they are not too many. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #layouts = new Map<string, { readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout }>();
  readonly #prepared = new Map<string, Prepared>();
  readonly #faults = new Map<string, WebGpuError>();
  readonly #compiling = new Map<string, Promise<void>>();
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #limit: number;
  #requests = 0;
  #pipelinesCreated = 0;
  #groupsCreated = 0;

  constructor(device: GPUDevice, limit: number) {
    this.#device = device;
    this.#limit = limit;
  }

  /** Starts to compile a shader unless that was done before. */
  prepare(shader: Shader): void {
    const { code } = shader;
    if (this.#prepared.has(code) || this.#faults.has(code) || this.#compiling.has(code)) return;
    this.#compiling.set(code, this.#compile(shader).finally(() => this.#compiling.delete(code)));
  }

  /** Resolved when all that was started is compiled; undefined where it is. */
  settled(): Promise<unknown> | undefined {
    return this.#compiling.size === 0 ? undefined : Promise.all(this.#compiling.values());
  }

  /** A shader ready to run: at once, compiled in this thread where it is not compiled yet. Throws a `WebGpuError` where it cannot be. */
  require(shader: Shader): Prepared {
    const known = this.#prepared.get(shader.code);
    if (known !== undefined) {
      known.used = ++this.#requests;
      return known;
    }
    const fault = this.#faults.get(shader.code);
    if (fault !== undefined) throw fault;
    const { descriptor, ...layout } = this.#describe(shader);
    return this.#keep(shader, { ...layout, pipeline: this.#device.createComputePipeline(descriptor), used: 0 });
  }

  bindGroup({ layout, layoutKey }: Prepared, buffers: readonly Bound[], arena: GPUBuffer): GPUBindGroup {
    const key = buffers.reduce((text, { id, offset, bytes }) => `${text},${id}:${offset}:${bytes}`, layoutKey);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const entries: GPUBindGroupEntry[] = buffers.map(({ gpu, offset, bytes }, binding) => ({ binding, resource: { buffer: gpu, offset, size: bytes } }));
    if (layoutKey.endsWith('u')) entries.push({ binding: buffers.length, resource: { buffer: arena, size: uniformBytes } });
    const group = this.#device.createBindGroup({ layout, entries });
    this.#groupsCreated += 1;
    if (this.#groups.size >= keptGroups) this.#groups.clear();
    this.#groups.set(key, group);
    return group;
  }

  /** Lets go of the buffers in bind groups, some of which have been destroyed. */
  forgetBuffers(): void {
    this.#groups.clear();
  }

  statistics(): { readonly pipelinesCreated: number; readonly bindGroupsCreated: number } {
    return { pipelinesCreated: this.#pipelinesCreated, bindGroupsCreated: this.#groupsCreated };
  }

  async #compile(shader: Shader): Promise<void> {
    const { descriptor, module, ...layout } = this.#describe(shader);
    try {
      const pipeline = await this.#device.createComputePipelineAsync(descriptor);
      if (!this.#prepared.has(shader.code)) this.#keep(shader, { ...layout, pipeline, used: 0 });
    } catch (error) {
      this.#faults.set(shader.code, await faultOf(shader, module, error));
    }
  }

  #keep(shader: Shader, prepared: Prepared): Prepared {
    this.#pipelinesCreated += 1;
    if (this.#prepared.size >= this.#limit) this.#forget();
    this.#prepared.set(shader.code, prepared);
    prepared.used = ++this.#requests;
    return prepared;
  }

  /** Lets go of the quarter that was not used for the longest time. */
  #forget(): void {
    const byAge = [...this.#prepared].sort(([, one], [, other]) => one.used - other.used);
    for (const [code] of byAge.slice(0, Math.ceil(byAge.length / 4))) this.#prepared.delete(code);
  }

  #describe({ label, code, bindings, uniforms }: Shader): { descriptor: GPUComputePipelineDescriptor; module: GPUShaderModule; layout: GPUBindGroupLayout; layoutKey: string } {
    const layoutKey = bindings.map((access) => access[0]).join('') + (uniforms > 0 ? 'u' : '');
    const layouts = this.#layouts.get(layoutKey) ?? this.#createLayouts(bindings, uniforms > 0);
    this.#layouts.set(layoutKey, layouts);
    // What is wrong with the code is told by the pipeline made of it.
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ label, code });
    this.#device.popErrorScope().catch(() => undefined);
    return { descriptor: { label, layout: layouts.pipeline, compute: { module, entryPoint: 'main' } }, module, layout: layouts.group, layoutKey };
  }

  #createLayouts(bindings: readonly Access[], hasUniforms: boolean): { readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout } {
    const entries = bindings.map((access, binding): GPUBindGroupLayoutEntry => ({ binding, visibility: computeStage, buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' } }));
    if (hasUniforms) entries.push({ binding: bindings.length, visibility: computeStage, buffer: { type: 'uniform', hasDynamicOffset: true } });
    const group = this.#device.createBindGroupLayout({ entries });
    return { group, pipeline: this.#device.createPipelineLayout({ bindGroupLayouts: [group] }) };
  }
}

async function faultOf({ label, code }: Shader, module: GPUShaderModule, error: unknown): Promise<WebGpuError> {
  const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] }));
  const lines = code.split('\n');
  const told = messages.filter(({ type }) => type === 'error').map(({ lineNum, message }) => `line ${lineNum}, "${lines[lineNum - 1]?.trim() ?? ''}": ${message}`);
  return new WebGpuError('shader', `webgpu: the code of ${label} was refused: ${told.length > 0 ? told.join('; ') : error instanceof Error ? error.message : String(error)}`);
}
