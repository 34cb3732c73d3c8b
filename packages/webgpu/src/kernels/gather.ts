import type { GatherKernel, ScatterKernel } from '@unroll/tensor/backend';
import { linear, single, type Compile } from '../program.ts';
import { ShaderBuilder, type Scalar } from '../wgsl.ts';
import { elementType } from './map.ts';

/** Rows by index, as bits: an invocation for each element. */
export const compileGather: Compile<GatherKernel> = ({ rows, width, count }, target) => single(() => {
  const shader = new ShaderBuilder('gather');
  const [table, indices, output] = [shader.storage('table', 'u32', 'read'), shader.storage('indices', 'i32', 'read'), shader.storage('output', 'u32', 'write')];
  const [total, lines, columns] = [shader.uniform('count'), shader.uniform('rows'), shader.uniform('width')];
  const index = shader.flatIndex(workgroup);
  shader.line(`if (${index} >= ${total}) { return; }`);
  // Negative indices are large unsigned ones.
  const row = shader.let('row', `u32(${indices}[${index} / ${columns}])`);
  shader.line(`${output}[${index}] = select(0u, ${table}[min(${row}, max(${lines}, 1u) - 1u) * ${columns} + ${index} % ${columns}], ${row} < ${lines});`);
  return {
    scratch: [],
    commands: [{
      kind: 'dispatch', shader: shader.build([workgroup]), uniforms: [count * width, rows, width], workgroups: linear(count * width, workgroup, target),
      slots: [{ kind: 'input', index: 0 }, { kind: 'input', index: 1 }, { kind: 'output', index: 0 }],
    }],
  };
});

/**
 * Adds rows at their index, in ascending order: without atomic additions, so that sums are the same every time. A workgroup owns a
 * row of the result and looks through all indices, a word of bits at a time.
 */
export const compileScatter: Compile<ScatterKernel> = ({ dtype, rows, width, count }, target) => single(() => {
  const blocks = Math.ceil(width / columnsOwned);
  return {
    scratch: [],
    commands: [{
      kind: 'dispatch', shader: scatterShader(elementType[dtype]), uniforms: [rows, width, count, blocks], workgroups: linear(rows * blocks, 1, target),
      slots: [{ kind: 'input', index: 0 }, { kind: 'input', index: 1 }, { kind: 'output', index: 0 }],
    }],
  };
});

// Private.

const workgroup = 128;
/** Invocations of a scatter, as many as two words have bits. */
const lookers = 64;
/** Sums of each of them. */
const sums = 4;
const columnsOwned = lookers * sums;

function scatterShader(type: Scalar): ReturnType<ShaderBuilder['build']> {
  const shader = new ShaderBuilder('scatter');
  const [indices, values, output] = [shader.storage('indices', 'i32', 'read'), shader.storage('values', type, 'read'), shader.storage('output', type, 'write')];
  const [rows, width, count, blocks] = [shader.uniform('rows'), shader.uniform('width'), shader.uniform('count'), shader.uniform('blocks')];
  const found = shader.workgroup('found', 'atomic<u32>', 2);
  const owned = shader.let('owned', 'group.y * groups.x + group.x');
  const row = shader.let('row', `${owned} / ${blocks}`);
  const first = shader.let('first', `${owned} % ${blocks} * ${columnsOwned}u + local.x`);
  shader.line(`var sum = array<${type}, ${sums}>();`);
  shader.loop('start', '0u', count, `${lookers}u`, (start) => {
    shader.line(`if (local.x < 2u) { atomicStore(&${found}[local.x], 0u); }`).line('workgroupBarrier();');
    const at = shader.let('at', `${start} + local.x`);
    shader.line(`if (${at} < ${count} && u32(${indices}[min(${at}, ${count} - 1u)]) == ${row}) { atomicOr(&${found}[local.x / 32u], 1u << (local.x % 32u)); }`).line('workgroupBarrier();');
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
