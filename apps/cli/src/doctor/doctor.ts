import type { Backend } from '@unroll/tensor';
import { crossover, examineGpu, examineHost, openBackend, selfTest, usualWorkloads, type DeviceName } from '@unroll/device';
import type { WebGpuBackend } from '@unroll/webgpu';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { describeReport } from './describe.ts';
import type { BackendReport, CrossoverRow, DoctorReport } from './report.ts';

/** What the command line may say. */
export interface DoctorFlags {
  readonly backend?: DeviceName;
  readonly crossover: boolean;
  readonly software?: true;
}

/** `unroll doctor`: looks, tests and measures. */
export async function doctor({ backend: wanted, crossover: measures, software }: DoctorFlags, { io, format }: Session): Promise<void> {
  const opened = { wasm: await tried('wasm'), webgpu: await tried('webgpu'), reference: await tried('reference') };
  const { wasm, webgpu } = opened;
  const gpu = webgpu instanceof Error ? undefined : examineGpu(webgpu as WebGpuBackend);
  const reason = wasm instanceof Error || webgpu instanceof Error || gpu === undefined ? 'it takes both wasm and webgpu'
    : !measures ? 'not asked for' : gpu.software && software !== true ? 'the GPU is a driver for the processor, which is never faster; --software measures it all the same' : undefined;
  const report: DoctorReport = {
    host: examineHost(wasm instanceof Error ? undefined : wasm),
    backends: { wasm: await tested(wasm), webgpu: await tested(webgpu), reference: await tested(opened.reference) },
    ...(gpu === undefined ? {} : { gpu }),
    ...(reason === undefined ? { crossover: await table({ wasm: wasm as Backend, webgpu: webgpu as Backend }, gpu?.adapter ?? '') } : { unmeasured: reason }),
  };
  io.stdout.write(format === 'json' ? `${JSON.stringify(report)}\n` : describeReport(report));
  if (wanted !== undefined && !report.backends[wanted].ok) throw new CliError('device', `backend ${wanted}: ${faultOf(report.backends[wanted])}`);
}

async function tried(name: DeviceName): Promise<Backend | Error> {
  try {
    return (await openBackend(name)).backend;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function tested(backend: Backend | Error): Promise<BackendReport> {
  if (backend instanceof Error) return { ok: false, missing: backend.message };
  try {
    return await selfTest(backend);
  } catch (error) {
    return { ok: false, missing: error instanceof Error ? error.message : String(error) };
  }
}

async function table(backends: Readonly<Record<'wasm' | 'webgpu', Backend>>, gpu: string): Promise<CrossoverRow[]> {
  const rows: CrossoverRow[] = [];
  for (const workload of usualWorkloads) {
    const { batch, steps, hiddenSize: hidden } = workload;
    rows.push({ batch, steps, hidden, ...(await crossover(backends, workload, { gpu })) });
  }
  return rows;
}

function faultOf(report: BackendReport): string {
  return 'missing' in report ? report.missing : `its numbers are off by ${report.error}, where ${report.tolerance} is allowed; update the driver, or compute with another backend`;
}
