import type { Shader } from '../program.ts';

/** What a device says against shaders that it does not take: nothing where it takes all of them. */
export async function refusalsOf(device: GPUDevice, shaders: Iterable<Shader>): Promise<string[]> {
  const faults: string[] = [];
  for (const { label, code } of shaders) {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } }).catch((error: unknown) => faults.push(`${label}: ${String(error)}`));
  }
  return faults;
}
