import type { Target } from './program.ts';
import type { ShaderBuilder } from './wgsl.ts';

/** Whether the device is a processor: few workgroups fill it, arithmetic is cheap and every load is dear. */
export function isSoftware({ architecture }: Pick<Target, 'architecture'>): boolean {
  return architecture === 'swiftshader' || architecture === 'software';
}

/**
 * Invocations among which a number read by one is given to all, 4 or 8; 0: each reads for itself. On a processor, invocations of a
 * subgroup are the lanes of a vector: a load is done lane by lane and costs as much as a dozen multiplications, even where all lanes
 * want the same number, while handing it from one lane to all is one instruction. GPUs do the former by themselves.
 */
export function sharedLanes(target: Target): 0 | 4 | 8 {
  const { features, subgroupSize } = target;
  if (!isSoftware(target) || !features.has('subgroups')) return 0;
  return subgroupSize === 4 || subgroupSize === 8 ? subgroupSize : 0;
}

/** Lets a shader hand numbers from lane to lane; the number of the own lane is `member` then. */
export function enableSubgroups(shader: ShaderBuilder): void {
  shader.direct('enable subgroups;');
  // Whole subgroups take a branch or none does, which the compiler cannot see.
  shader.direct('diagnostic(off, subgroup_uniformity);');
}
