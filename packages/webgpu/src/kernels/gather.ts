import type { GatherKernel } from '@unroll/tensor/backend';
import { linear, single, type Compile, type Dispatch, type Shader } from '../program.ts';
import { ShaderBuilder } from '../wgsl.ts';
import { slotOf, windowsOf } from './windows.ts';

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

// Private.

const workgroup = 128;
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
