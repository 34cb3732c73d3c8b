import type { Kernel } from '@unroll/tensor/backend';

/** What is known of a device when code is generated for it: plain data, so that code can be generated without one. */
export interface Target {
  readonly limits: Limits;
  readonly features: ReadonlySet<Feature>;
  /** `swiftshader`, `ampere`, …; '' where the implementation does not tell. */
  readonly architecture: string;
  /** How recurrences read weights; float32 unless given. */
  readonly weights?: WeightFormat;
  /** Invocations of a subgroup, where they are always as many; 0: unknown. */
  readonly subgroupSize: number;
}

/** Numbers of weights: as they are, or rounded to half of the bits. Sums are float32 in any case. */
export type WeightFormat = 'float32' | 'float16';

export const limitNames = [
  'maxStorageBufferBindingSize', 'maxBufferSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupSizeY', 'maxComputeWorkgroupsPerDimension',
] as const;
export type Limits = Readonly<Record<(typeof limitNames)[number], number>>;
export const featureNames = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
export type Feature = (typeof featureNames)[number];

/** `read`: read-only; `write`: read and written. */
export type Access = 'read' | 'write';

/** A compute shader with the entry point `main`. Equal code means the same pipeline. */
export interface Shader {
  /** What it does, in a word or two: for errors and for those who look on. */
  readonly label: string;
  readonly code: string;
  /** Storage buffers at @group(0), from @binding(0) on. */
  readonly bindings: readonly Access[];
  /** 32-bit words of the uniform block, which is the binding behind the storage buffers; 0: there is none. At most 64. */
  readonly uniforms: number;
}

/** A buffer that a command uses: a tensor of the kernel, or memory of the program's own, from byte `offset` on: a multiple of 256 where it is bound, of 4 where it is moved or cleared. */
export interface Slot {
  readonly kind: 'input' | 'output' | 'scratch';
  readonly index: number;
  readonly offset?: number;
  /** Bytes that are bound; all that follow unless given. */
  readonly bytes?: number;
}

/** One dispatch. */
export interface Dispatch {
  readonly kind: 'dispatch';
  readonly shader: Shader;
  /** In the order of the shader's bindings. No buffer may be bound twice where one of the two is written. */
  readonly slots: readonly Slot[];
  /** As unsigned 32-bit words. */
  readonly uniforms: readonly number[];
  readonly workgroups: Workgroups;
}
export type Workgroups = readonly [x: number, y: number, z: number];
/** Zeros into the first `bytes` bytes of a slot, a multiple of 4. */
export interface Clear { readonly kind: 'clear'; readonly slot: Slot; readonly bytes: number }
/** The first `bytes` bytes of a slot, a multiple of 4, into another buffer. */
export interface Move { readonly kind: 'move'; readonly from: Slot; readonly to: Slot; readonly bytes: number }
export type Command = Dispatch | Clear | Move;

/** A kernel made ready to run, as data: commands in order, each of which sees what those before it have written. */
export interface Program {
  /** Bytes of each scratch buffer; their contents are undefined at the start, and lost in the end. */
  readonly scratch: readonly number[];
  readonly commands: readonly Command[];
}

/** One of the ways to run a kernel. */
export interface Variant {
  readonly name: string;
  readonly make: () => Program;
}

/** The ways to run a kernel, likely best first, at least one. Which one is measured once for all kernels of a `shapeClass`. */
export interface Choice {
  readonly shapeClass: string;
  readonly variants: readonly Variant[];
}

/** Works out how to run a kernel; a pure function. */
export type Compile<K extends Kernel> = (kernel: K, target: Target) => Choice;

/** The only way there is. */
export function single(make: () => Program): Choice {
  return { shapeClass: '', variants: [{ name: 'only', make }] };
}

/** Where the tensors of a program that is part of another one are, and the first number that its scratch buffers get there. */
export interface Placement {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  readonly scratchFrom: number;
}

/** The commands of a program as part of another one, which has to have its scratch buffers too. */
export function inline({ commands }: Program, { inputs, outputs, scratchFrom }: Placement): Command[] {
  const place = (slot: Slot): Slot => {
    if (slot.kind === 'scratch') return { ...slot, index: slot.index + scratchFrom };
    const outer = (slot.kind === 'input' ? inputs : outputs)[slot.index];
    if (outer === undefined) throw new RangeError(`webgpu: a program inside of another one has no ${slot.kind} ${slot.index}.`);
    const bytes = slot.bytes ?? (outer.bytes === undefined ? undefined : outer.bytes - (slot.offset ?? 0));
    return { ...outer, offset: (outer.offset ?? 0) + (slot.offset ?? 0), ...(bytes === undefined ? {} : { bytes }) };
  };
  return commands.map((command): Command => {
    switch (command.kind) {
      case 'dispatch': return { ...command, slots: command.slots.map(place) };
      case 'clear': return { ...command, slot: place(command.slot) };
      case 'move': return { ...command, from: place(command.from), to: place(command.to) };
    }
  });
}

/** Workgroups that hold `count` invocations of `size` each, laid out in two dimensions where one is not enough. */
export function linear(count: number, size: number, { limits }: Target): Workgroups {
  const groups = Math.ceil(count / size);
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (groups <= most) return [groups, 1, 1];
  const rows = Math.ceil(groups / most);
  return [Math.ceil(groups / rows), rows, 1];
}

/** What every device has: the default limits of WebGPU, no features. */
export const anyDevice: Target = {
  limits: {
    maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28, maxStorageBuffersPerShaderStage: 8, maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256, maxComputeWorkgroupSizeY: 256, maxComputeWorkgroupsPerDimension: 65535,
  },
  features: new Set(),
  architecture: '',
  subgroupSize: 0,
};
