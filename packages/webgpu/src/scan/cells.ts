import type { MeanOf, Plan, PointwiseMap, Step, Target as Place } from '@unroll/expr';
import { linear, type Target } from '../program.ts';
import { emitMeans, meanElements, meanLanes } from './means.ts';
import { Bindings, type Memory, type Uses } from './memory.ts';
import type { Packing } from './pack.ts';
import { emitPointwise } from './pointwise.ts';
import type { Recorder } from './recorder.ts';
import type { Region, Regions } from './regions.ts';
import { Room, type Cursor } from './room.ts';
import { declareSizes, plus, scanShader, timeText, type Sizes } from './shader.ts';
import { UseList } from './uses.ts';

/** When a shader runs: over the rows of one step, or of all steps at once. */
export type Moment = 'step' | 'all';

/** What every part of a scan's code generation knows. */
export interface Scene {
  readonly step: Step;
  readonly plan: Plan;
  readonly steps: number;
  readonly batch: number;
  readonly reverse: boolean;
  readonly masked: boolean;
  readonly regions: Regions;
  readonly target: Target;
}

/** Invocations of a workgroup that computes a map. */
const mapThreads = 64;
/** Rows of a workgroup that computes means. */
const meanRows = mapThreads / meanLanes;

/** A piece of a scan's work: what it uses, and how it is written down once memory has been decided on. */
export interface Job {
  /** What its shaders use. */
  readonly users: readonly Uses[];
  /** What is used by other kernels, which know nothing of arenas. */
  readonly homes: readonly Region[];
  /** Gives the function that records it, for the step that runs as number `first`, or for all. */
  build(memory: Memory): (recorder: Recorder, first: number) => void;
}

/** One map, an invocation for every channel of every row. */
export function mapJob(scene: Scene, map: PointwiseMap, moment: Moment, packing?: Packing): Job {
  const { regions, step, plan, target } = scene;
  // What is computed for masked rows before the loop is never read.
  const masked = scene.masked && !plan.before.some(({ maps }) => maps.includes(map));
  const isPacked = ({ kind, index }: Place): boolean => kind === 'vector' && packing?.vectors.has(index) === true;
  const uses = new UseList(regions, isPacked).map(map, masked).read([...map.leaves.values()].some(isPacked) ? packing?.region : undefined);
  return {
    users: [uses],
    homes: [],
    build(memory) {
      const shader = scanShader('map');
      const sizes = declareSizes(shader);
      const bindings = new Bindings(shader, memory, uses, sizes);
      const vectors = packing?.region === undefined ? undefined : { array: bindings.array(packing.region), from: packing.vectors, format: packing.format };
      const room = new Room({ shader, regions, bindings, sizes, ...slots(sizes), vectors });
      const index = shader.flatIndex(mapThreads);
      shader.block(`if (${index} < ${rowsText(sizes, moment)} * ${map.width}u)`, () => {
        const time = moment === 'step' ? shader.let('time', timeText(sizes, sizes.first)) : undefined;
        const cursor = cursorAt(sizes, time, map.width === 1 ? index : shader.let('row', `${index} / ${map.width}u`), map.width === 1 ? '0u' : shader.let('channel', `${index} % ${map.width}u`));
        emitPointwise(shader, room, cursor, { step, map, masked });
      });
      const built = shader.build([mapThreads]);
      const workgroups = linear(rowsOf(scene, moment) * map.width, mapThreads, target);
      return (recorder, first) => recorder.dispatch(built, bindings, workgroups, first);
    },
  };
}

/** Means, some rows to each workgroup. */
export function meansJob(scene: Scene, means: readonly MeanOf[], moment: Moment): Job {
  const { regions, target } = scene;
  const uses = means.reduce((list, mean) => list.mean(mean), new UseList(regions));
  return {
    users: [uses],
    homes: [],
    build(memory) {
      const shader = scanShader('mean');
      const sizes = declareSizes(shader);
      const bindings = new Bindings(shader, memory, uses, sizes);
      const room = new Room({ shader, regions, bindings, sizes, ...slots(sizes) });
      const from = shader.let('from', `(group.y * groups.x + group.x) * ${meanRows}u`);
      const partial = shader.workgroup('partial', 'f32', meanElements(meanRows, means.length));
      const time = moment === 'step' ? shader.let('time', timeText(sizes, sizes.first)) : undefined;
      const at = (local: string, channel: string): Cursor => ({ ...cursorAt(sizes, time, `(${plus(from, local)})`, channel), local });
      emitMeans({ shader, room, rows: meanRows, threads: mapThreads, means, partial, at, exists: (cursor) => `${time === undefined ? cursor.cell : cursor.row} < ${rowsText(sizes, moment)}` });
      const built = shader.build([mapThreads]);
      const workgroups = linear(rowsOf(scene, moment), meanRows, target);
      return (recorder, first) => recorder.dispatch(built, bindings, workgroups, first);
    },
  };
}

/** The texts of a state's two values where every step has its own dispatch. */
export function slots({ first }: Sizes): { readonly now: string; readonly next: string } {
  return { now: `(${first} & 1u)`, next: `(1u - (${first} & 1u))` };
}

/** A cursor at a row: of the batch where a time is given, else of all rows of all steps. */
export function cursorAt({ batch }: Sizes, time: string | undefined, row: string, channel: string): Cursor {
  if (time === undefined) return { cell: row, time: `(${row} / ${batch})`, row: `(${row} % ${batch})`, local: '0u', channel };
  return { cell: `(${time} * ${batch} + ${row})`, time, row, local: '0u', channel };
}

function rowsOf({ steps, batch }: Scene, moment: Moment): number {
  return moment === 'all' ? steps * batch : batch;
}

function rowsText({ steps, batch }: Sizes, moment: Moment): string {
  return moment === 'all' ? `${steps} * ${batch}` : batch;
}
