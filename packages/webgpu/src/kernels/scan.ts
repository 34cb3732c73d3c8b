import { planOf, type Plan } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { Choice, Compile, Program, Target } from '../program.ts';
import { isSoftware } from '../subgroups.ts';
import { mapJob, meansJob, type Job, type Scene } from '../scan/cells.ts';
import { wholeLayout } from '../scan/layout.ts';
import { Memory } from '../scan/memory.ts';
import { Packing } from '../scan/pack.ts';
import { partsOf } from '../scan/parts.ts';
import { productJob, withWholeOperands } from '../scan/products.ts';
import { Recorder } from '../scan/recorder.ts';
import { bytesOf, Regions, type Region } from '../scan/regions.ts';
import { loweredJobs, stepJobs } from '../scan/steps.ts';
import { sumJobs } from '../scan/sums.ts';
import type { TileOptions } from '../scan/tile.ts';
import { chunkOf, loopWeights, wholeJob } from '../scan/whole.ts';

/**
 * A recurrence over time. What depends on no state runs over all time at once, before and after the loop; the loop itself in one of
 * three forms: `whole`, one dispatch in which a workgroup owns rows of the batch for all steps; `step`, a dispatch for each stage of
 * each step, its products and its map in one; `lowered`, every product and map for itself.
 */
export const compileScan: Compile<ScanKernel> = (kernel, target): Choice => {
  const { whole, step, ...others } = formsOf(kernel, target);
  const packed = prefersWhole(kernel, target) ? { whole, step } : { step, whole };
  const forms: Readonly<Record<string, LoopOf>> = isPackable(kernel, target) ? { ...packed, ...others } : { lowered: others.lowered };
  return { shapeClass: shapeClassOf(kernel), variants: Object.entries(forms).map(([name, loopOf]) => ({ name, make: () => recorded(kernel, target, loopOf) })) };
};

// Private.

/** The loop in one of its forms: the jobs that come before it in any case, and what it records. */
interface Loop { readonly jobs: readonly Job[]; record(builds: readonly ReturnType<Job['build']>[], recorder: Recorder): void; readonly packing: Packing | undefined }

type LoopOf = (scene: Scene, kernel: ScanKernel) => Loop;

function formsOf(kernel: ScanKernel, target: Target): Readonly<Record<'whole' | 'step' | 'lowered', LoopOf>> & Readonly<Record<string, LoopOf>> {
  const rows = rowsOf(kernel, target);
  const isSoft = isSoftware(target);
  // A processor runs a workgroup's invocations one vector after the other: to share a sum is work for nothing there.
  const slices = isSoft ? 1 : 256;
  // And every load is a branch for each of its lanes, which takes its time to compile.
  const weights = isSoft ? Math.min(rows, 4) : 16;
  const whole = { rows, threads: 256, sums: isSoft ? 32 : 8, weights, slices };
  const step = { rows: Math.min(8, kernel.batch), threads: 256, sums: 32, weights, slices };
  const wide = { ...whole, threads: target.limits.maxComputeInvocationsPerWorkgroup };
  const under = (loopOf: (scene: Scene, kernel: ScanKernel, options: TileOptions) => Loop, options: TileOptions): LoopOf => (scene, own) => loopOf(scene, own, options);
  return {
    whole: under(wholeLoop, whole), step: under(stepLoop, step), lowered: loweredLoop,
    ...(isSoft || wide.threads === whole.threads ? {} : { 'whole wide': under(wholeLoop, wide) }),
    ...(isSoft || step.rows < 4 ? {} : { 'step narrow': under(stepLoop, { ...step, rows: 2 }) }),
  };
}

function recorded(kernel: ScanKernel, target: Target, loopOf: LoopOf): Program {
  const { step, steps, batch, reverse, masked } = kernel;
  const plan = withWholeOperands(planOf(step, masked), loopOf === loweredLoop);
  const regions = new Regions(kernel, plan);
  const scene: Scene = { step, plan, steps, batch, reverse, masked, regions, target };
  if (steps === 0 || batch === 0) return nothingToDo(scene);
  const loop = step.states.length === 0 ? { jobs: overAllTime(scene, plan.loop), packing: undefined, record: once } : loopOf(scene, kernel);
  const [before, after] = [overAllTime(scene, plan.before), [...overAllTime(scene, plan.after), ...sumJobs(scene)]];
  const jobs = [...before, ...loop.jobs, ...after];
  const memory = new Memory(kernel, target, [...(loop.packing?.users(target) ?? []), ...jobs.flatMap(({ users }) => users)], new Set(jobs.flatMap(({ homes }) => homes)));
  const recorder = new Recorder(kernel, memory);
  loop.packing?.record(recorder, memory, target);
  for (const job of before) job.build(memory)(recorder, 0);
  loop.record(loop.jobs.map((job) => job.build(memory)), recorder);
  for (const job of after) job.build(memory)(recorder, 0);
  return recorder.finish(results(regions));
}

function wholeLoop(scene: Scene, kernel: ScanKernel, options: TileOptions): Loop {
  const packing = new Packing(scene.step, scene.plan, scene.regions, scene.target);
  const parts = partsOf(scene.plan, (product) => packing.of(product));
  const layout = wholeLayout(kernel, scene.plan, parts, scene.target, options);
  return { jobs: scene.plan.loop.length === 0 ? [] : [wholeJob(scene, packing, parts, layout, chunkOf(scene, layout.rows))], packing, record: once };
}

function once(builds: readonly ReturnType<Job['build']>[], recorder: Recorder): void {
  for (const build of builds) build(recorder, 0);
}

function stepLoop(scene: Scene, _: ScanKernel, options: TileOptions): Loop {
  const packing = new Packing(scene.step, scene.plan, scene.regions, scene.target);
  return everyStep(scene, packing, stepJobs(scene, packing, options));
}

function loweredLoop(scene: Scene): Loop {
  return everyStep(scene, undefined, loweredJobs(scene));
}

// States change places with every step, so the last ones are where the number of steps says.
function everyStep({ step, steps, batch, regions }: Scene, packing: Packing | undefined, jobs: readonly Job[]): Loop {
  const piece = (k: number, slot: number): { region: Region; from: number; elements: number } => {
    const elements = batch * (step.states[k]?.width ?? 0);
    return { region: regions.states[k] as Region, from: slot * elements, elements };
  };
  return {
    jobs, packing,
    record(builds, recorder) {
      regions.initial.forEach((region, k) => recorder.move(recorder.whole(region), piece(k, 0)));
      for (let first = 0; first < steps; first++) for (const build of builds) build(recorder, first);
      regions.final.forEach((region, k) => recorder.move(piece(k, steps % 2), recorder.whole(region)));
    },
  };
}

function overAllTime(scene: Scene, stages: Plan['before']): Job[] {
  return stages.flatMap(({ products, means, maps }) => [
    ...products.map((product) => productJob(scene, product, 'all')),
    ...(means.length === 0 ? [] : [meansJob(scene, means, 'all')]),
    ...maps.map((map) => mapJob(scene, map, 'all')),
  ]);
}

// No steps or no rows: the states stay, the sums are zero.
function nothingToDo(scene: Scene): Program {
  const { regions, target } = scene;
  const recorder = new Recorder(scene, new Memory(scene, target, [], new Set()));
  regions.initial.forEach((region, k) => recorder.move(recorder.whole(region), recorder.whole(regions.final[k] as Region)));
  for (const region of regions.accumulations) recorder.clear(region);
  return recorder.finish([]);
}

function results({ final, outputs, accumulations }: Regions): Region[] {
  return [...final, ...outputs, ...accumulations];
}

// Private: which form.

/** Rows that a workgroup owns: few enough for a GPU's many processors, as many as pay where a few do everything. */
function rowsOf({ batch }: ScanKernel, { architecture }: Target): number {
  const groups = isSoftware({ architecture }) ? 4 : 64;
  return 2 ** Math.max(0, Math.min(3, Math.floor(Math.log2(batch / groups))));
}

/** Whether the weights of the loop can be bound, each by itself and all together. Plain products can be cut where they cannot. */
function isPackable(kernel: ScanKernel, target: Target): boolean {
  const { step, masked } = kernel;
  const plan = planOf(step, masked);
  const regions = new Regions(kernel, plan);
  const { region } = new Packing(step, plan, regions, target);
  const matrices = plan.loop.flatMap(({ products }) => products.map(({ weight }) => regions.matrices[weight] as Region));
  return [...matrices, ...(region === undefined ? [] : [region])].every((own) => bytesOf(own, kernel) <= target.limits.maxStorageBufferBindingSize);
}

// Each workgroup reads all weights at every step: past this many, all processors together are faster.
const mostWeights = 1 << 18;

/**
 * On a processor every barrier cuts a shader in two: one with a dozen of them (layer normalisation) takes a dozen seconds to compile, as
 * dispatches of their own its parts take three, and run as fast.
 */
const mostParts = 5;

function prefersWhole({ step, batch, masked }: ScanKernel, target: Target): boolean {
  const plan = planOf(step, masked);
  if (isSoftware(target)) return plan.loop.reduce((sum, { products, means, maps }) => sum + Math.min(1, products.length) + Math.min(1, means.length) + maps.length, 0) <= mostParts;
  return loopWeights(plan, step) <= mostWeights || batch >= 128;
}

function shapeClassOf({ step, steps, batch }: ScanKernel): string {
  const size = (count: number): number => Math.ceil(Math.log2(Math.max(1, count)));
  const weights = step.weights.map(({ blocks, rows, columns }) => `${blocks}x${rows}x${columns}`).join(' ');
  return `scan ${step.states.map(({ width }) => width).join(' ')}, ${weights}, ${step.accumulations.length}, T ${size(steps)}, B ${size(batch)}`;
}
