import type { GatherKernel, ScatterKernel } from '@unroll/tensor/backend';
import { WebGpuError } from '../errors.ts';
import { linear, single, type Compile, type Dispatch, type Shader, type Slot, type Target } from '../program.ts';
import { ShaderBuilder, type Scalar } from '../wgsl.ts';
import { elementType } from './map.ts';

/** Rows by index, as bits: an invocation for each element. */
export const compileGather: Compile<GatherKernel> = (kernel, target) => single(() => {
  const shader = gatherShader();
  // Every part of the table gives the rows that it has; the first one also those that nobody has.
  const dispatches = windowsOf(kernel.rows, kernel.width, target).flatMap((table) => windowsOf(kernel.count, kernel.width, target).map((rows): Dispatch => ({
    kind: 'dispatch', shader, uniforms: [rows.count * kernel.width, table.count, kernel.width, table.first], workgroups: linear(rows.count * kernel.width, workgroup, target),
    slots: [{ kind: 'input', index: 0, ...table.slot }, { kind: 'input', index: 1, ...slotOf(rows, 1) }, { kind: 'output', index: 0, ...rows.slot }],
  })));
  return { scratch: [], commands: dispatches };
});

/**
 * Adds rows at their index, in ascending order: without atomic additions, so that sums are the same every time. A workgroup owns a
 * row of the result and looks through all indices, a word of bits at a time.
 */
export const compileScatter: Compile<ScatterKernel> = ({ dtype, rows, width, count }, target) => single(() => {
  const [blocks, shader] = [Math.ceil(width / columnsOwned), scatterShader(elementType[dtype])];
  // Values beyond the first part of them are added to what is there.
  const dispatches = windowsOf(rows, width, target).flatMap((table) => windowsOf(count, width, target).map((values): Dispatch => ({
    kind: 'dispatch', shader, uniforms: [table.count, width, values.count, blocks, table.first, values.first], workgroups: linear(table.count * blocks, 1, target),
    slots: [{ kind: 'input', index: 0, ...slotOf(values, 1) }, { kind: 'input', index: 1, ...values.slot }, { kind: 'output', index: 0, ...table.slot }],
  })));
  return { scratch: [], commands: dispatches };
});

// Private.

const workgroup = 128;
/** Invocations of a scatter, as many as two words have bits. */
const lookers = 64;
/** Sums of each of them. */
const sums = 4;
const columnsOwned = lookers * sums;

/** Rows of a tensor that can be bound at once; `slot` where they are not all. */
interface Window { readonly first: number; readonly count: number; readonly isAll: boolean; readonly slot: Pick<Slot, 'offset' | 'bytes'> }

function windowsOf(rows: number, width: number, { limits }: Target): Window[] {
  const most = limits.maxStorageBufferBindingSize;
  const step = rows * width * 4 <= most ? Math.max(rows, 1) : Math.floor(most / (Math.max(width, 1) * 4 * 64)) * 64;
  if (step === 0) throw new WebGpuError('limit', `webgpu: 64 rows of ${width} elements have ${width * 256} bytes, this device binds ${most} at a time; use narrower rows.`);
  return Array.from({ length: Math.max(1, Math.ceil(rows / step)) }, (_, k): Window => {
    const window = { first: k * step, count: Math.min(step, rows - k * step), isAll: step >= rows };
    return { ...window, slot: slotOf(window, width) };
  });
}

function slotOf({ first, count, isAll }: Pick<Window, 'first' | 'count' | 'isAll'>, width: number): Pick<Slot, 'offset' | 'bytes'> {
  return isAll ? {} : { offset: first * width * 4, bytes: count * width * 4 };
}

function gatherShader(): Shader {
  const shader = new ShaderBuilder('gather');
  const [table, indices, output] = [shader.storage('table', 'u32', 'read'), shader.storage('indices', 'i32', 'read'), shader.storage('output', 'u32', 'write')];
  const [total, lines, columns, first] = [shader.uniform('count'), shader.uniform('rows'), shader.uniform('width'), shader.uniform('first')];
  const index = shader.flatIndex(workgroup);
  shader.line(`if (${index} >= ${total}) { return; }`);
  // Negative indices, and those before this part of the table, are large unsigned ones.
  const row = shader.let('row', `u32(${indices}[${index} / ${columns}]) - ${first}`);
  shader.line(`if (${first} > 0u && ${row} >= ${lines}) { return; }`);
  shader.line(`${output}[${index}] = select(0u, ${table}[min(${row}, max(${lines}, 1u) - 1u) * ${columns} + ${index} % ${columns}], ${row} < ${lines});`);
  return shader.build([workgroup]);
}

function scatterShader(type: Scalar): Shader {
  const shader = new ShaderBuilder('scatter');
  const [indices, values, output] = [shader.storage('indices', 'i32', 'read'), shader.storage('values', type, 'read'), shader.storage('output', type, 'write')];
  const [rows, width, count, blocks, firstRow, before] = [shader.uniform('rows'), shader.uniform('width'), shader.uniform('count'), shader.uniform('blocks'), shader.uniform('firstRow'), shader.uniform('before')];
  const found = shader.workgroup('found', 'atomic<u32>', 2);
  const owned = shader.let('owned', 'group.y * groups.x + group.x');
  const row = shader.let('row', `${owned} / ${blocks}`);
  const first = shader.let('first', `${owned} % ${blocks} * ${columnsOwned}u + local.x`);
  shader.line(`var sum = array<${type}, ${sums}>();`);
  shader.block(`if (${before} > 0u && ${row} < ${rows})`, () => {
    for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { sum[${k}] = ${output}[${row} * ${width} + ${first} + ${k * lookers}u]; }`);
  });
  shader.loop('start', '0u', count, `${lookers}u`, (start) => {
    shader.line(`if (local.x < 2u) { atomicStore(&${found}[local.x], 0u); }`).line('workgroupBarrier();');
    const at = shader.let('at', `${start} + local.x`);
    shader.line(`if (${at} < ${count} && u32(${indices}[min(${at}, ${count} - 1u)]) == ${row} + ${firstRow}) { atomicOr(&${found}[local.x / 32u], 1u << (local.x % 32u)); }`).line('workgroupBarrier();');
    shader.loop('half', '0u', '2u', '1u', (half) => {
      shader.line(`var bits = atomicLoad(&${found}[${half}]);`);
      shader.block('while (bits != 0u)', () => {
        const source = shader.let('source', `(${start} + ${half} * 32u + countTrailingZeros(bits)) * ${width} + ${first}`);
        shader.line('bits &= bits - 1u;');
        for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { sum[${k}] += ${values}[${source} + ${k * lookers}u]; }`);
      });
    });
    shader.line('workgroupBarrier();');
  });
  shader.line(`if (${row} >= ${rows}) { return; }`);
  for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { ${output}[${row} * ${width} + ${first} + ${k * lookers}u] = sum[${k}]; }`);
  return shader.build([lookers]);
}
