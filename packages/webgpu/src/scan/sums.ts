import type { Place, Sum } from '@unroll/expr';
import { linear, type Shader } from '../program.ts';
import type { Job, Scene } from './cells.ts';
import { Bindings, type Memory } from './memory.ts';
import { matmul } from './products.ts';
import type { Recorder } from './recorder.ts';
import { scratch, type Region } from './regions.ts';
import { declareSizes, scanShader } from './shader.ts';
import { UseList } from './uses.ts';

/** The sums over all time: a matrix product for each outer sum, and one shader for all that have no right side. */
export function sumJobs(scene: Scene): Job[] {
  const { step, plan: { sums }, regions } = scene;
  const cleared = step.accumulations.flatMap(({ rows }, k) => (begun(sums, k) < rows ? [regions.accumulations[k] as Region] : []));
  const columns = sums.filter(({ right }) => right === undefined);
  return [
    ...(cleared.length === 0 ? [] : [clearJob(cleared)]),
    ...sums.flatMap((sum) => (sum.right === undefined ? [] : [outerJob(scene, sum, sum.right)])),
    ...columnRounds(scene, columns).map((round) => columnsJob(scene, round)),
  ];
}

// Private.

/** Rows of an accumulation that some sum begins. */
function begun(sums: readonly Sum[], accumulation: number): number {
  return sums.filter((sum) => sum.accumulation === accumulation && isFirst(sums, sum)).reduce((total, { left }) => total + left.width, 0);
}

/** Whether no earlier sum has written these rows; otherwise this one adds to what is there. */
function isFirst(sums: readonly Sum[], sum: Sum): boolean {
  return !sums.slice(0, sums.indexOf(sum)).some((other) => overlaps(other, sum));
}

function overlaps(a: Sum, b: Sum): boolean {
  return a.accumulation === b.accumulation && a.offset < b.offset + b.left.width && b.offset < a.offset + a.left.width;
}

// What no sum begins has to be zero.
function clearJob(cleared: readonly Region[]): Job {
  return { users: [], homes: cleared, build: () => (recorder) => cleared.forEach((region) => recorder.clear(region)) };
}

// C = Aᵀ B, A the left operand over all time.
function outerJob(scene: Scene, sum: Sum, right: Place): Job {
  const { regions, plan, steps, batch, target } = scene;
  const { left, accumulation, offset } = sum;
  const [a, b, c] = [regions.of(left), regions.of(right), regions.accumulations[accumulation] as Region];
  const from = offset * right.width;
  const elements = left.width * right.width;
  const program = matmul({ m: left.width, n: right.width, k: steps * batch, transposeA: true, transposeB: false, bias: false }, target);
  const share = scratch('share', { fixed: elements });
  const operands = (recorder: Recorder) => [recorder.whole(a), recorder.whole(b)];
  if (!isFirst(plan.sums, sum)) {
    const add = addJob(scene, share, c, from, elements);
    return { users: add.users, homes: [a, b, share], build(memory) {
      const added = add.build(memory);
      return (recorder, first) => {
        recorder.kernel(program, operands(recorder), [recorder.whole(share)]);
        added(recorder, first);
      };
    } };
  }
  const isAligned = from % 64 === 0;
  return { users: [], homes: isAligned ? [a, b, c] : [a, b, share], build: () => (recorder) => {
    recorder.kernel(program, operands(recorder), [isAligned ? { region: c, from, elements } : recorder.whole(share)]);
    if (!isAligned) recorder.move(recorder.whole(share), { region: c, from, elements });
  } };
}

function addJob(scene: Scene, share: Region, to: Region, from: number, elements: number): Job {
  const uses = new UseList(scene.regions).read(share).write(to);
  return { users: [uses], homes: [], build(memory) {
    const shader = scanShader('add');
    const bindings = new Bindings(shader, memory, uses, declareSizes(shader));
    const index = shader.flatIndex(64);
    shader.line(`if (${index} < ${elements}u) { ${bindings.element(to, `${from}u + ${index}`)} += ${bindings.element(share, index)}; }`);
    const built = shader.build([64]);
    return (recorder) => recorder.dispatch(built, bindings, linear(elements, 64, scene.target));
  } };
}

/** A row whose sum is wanted, and where it goes to; `adds`: to what is there. */
interface Column { readonly left: Region; readonly width: number; readonly to: readonly { readonly region: Region; readonly offset: number; readonly adds: boolean }[] }

/** Invocations that share a column, and columns of a workgroup. */
const slices = 8;
const lanes = 32;

// Sums of one row have one shader's work; what adds to others comes after them.
function columnRounds(scene: Scene, columns: readonly Sum[]): Column[][] {
  const { regions, plan, target } = scene;
  const rounds: { columns: Map<Region, { left: Region; width: number; to: Column['to'][number][] }>; bound: Set<Region>; sums: Sum[] }[] = [];
  for (const sum of columns) {
    const [left, region] = [regions.of(sum.left), regions.accumulations[sum.accumulation] as Region];
    let round = rounds.at(-1);
    const bound = new Set([...(round?.bound ?? []), left, region]);
    if (round === undefined || bound.size > target.limits.maxStorageBuffersPerShaderStage || round.sums.some((other) => overlaps(other, sum))) {
      round = { columns: new Map(), bound: new Set(), sums: [] };
      rounds.push(round);
    }
    const column = round.columns.get(left) ?? { left, width: sum.left.width, to: [] };
    column.to.push({ region, offset: sum.offset, adds: !isFirst(plan.sums, sum) });
    round.columns.set(left, column);
    round.bound.add(left).add(region);
    round.sums.push(sum);
  }
  return rounds.map(({ columns: found }) => [...found.values()]);
}

function columnsJob(scene: Scene, columns: readonly Column[]): Job {
  const uses = columns.reduce((list, { left, to }) => {
    for (const { region } of to) list.write(region);
    return list.read(left);
  }, new UseList(scene.regions));
  const groups = columns.map(({ width }) => Math.ceil(width / lanes));
  return { users: [uses], homes: [], build(memory) {
    const built = columnsShader(memory, uses, columns, groups);
    return (recorder) => recorder.dispatch(built.shader, built.bindings, [groups.reduce((sum, own) => sum + own, 0), 1, 1]);
  } };
}

function columnsShader(memory: Memory, uses: UseList, columns: readonly Column[], groups: readonly number[]): { readonly shader: Shader; readonly bindings: Bindings } {
  const shader = scanShader('column sums');
  const sizes = declareSizes(shader);
  const bindings = new Bindings(shader, memory, uses, sizes);
  const partial = shader.workgroup('partial', 'f32', slices * lanes);
  // A bound that compilers do not know: unrolled, these loops would be most of the code.
  const all = shader.let('all', `${slices}u * min(${sizes.steps}, 1u)`);
  let before = 0;
  columns.forEach(({ left, width, to }, k) => {
    const column = shader.let('column', `(group.x - ${before}u) * ${lanes}u + local.x`);
    before += groups[k] as number;
    const body = (): void => {
      const sum = shader.name('sum');
      shader.line(`var ${sum} = 0.0f;`);
      shader.block(`if (${column} < ${width}u)`, () => {
        shader.loop('row', 'local.y', `${sizes.steps} * ${sizes.batch}`, `${slices}u`, (row) => shader.line(`${sum} += ${bindings.element(left, `${row} * ${width}u + ${column}`)};`));
      });
      shader.line(`${partial}[local.y * ${lanes}u + local.x] = ${sum};`).line('workgroupBarrier();');
      shader.block(`if (local.y == 0u && ${column} < ${width}u)`, () => {
        const total = shader.name('total');
        shader.line(`var ${total} = 0.0f;`).loop('slice', '0u', all, '1u', (slice) => shader.line(`${total} += ${partial}[${slice} * ${lanes}u + local.x];`));
        for (const { region, offset, adds } of to) shader.line(`${bindings.element(region, `${offset}u + ${column}`)} ${adds ? '+=' : '='} ${total};`);
      });
      shader.line('return;');
    };
    if (k === columns.length - 1) body();
    else shader.block(`if (group.x < ${before}u)`, body);
  });
  return { shader: shader.build([lanes, slices]), bindings };
}
