import type { ScatterKernel } from '@unroll/tensor/backend';
import { linear, single, type Command, type Compile, type Dispatch, type Program, type Shader, type Slot, type Target } from '../program.ts';
import { ShaderBuilder, type Scalar } from '../wgsl.ts';
import { elementType } from './map.ts';
import { slotOf, windowsOf } from './windows.ts';

/**
 * Adds rows at their index, in ascending order: without atomic additions, so that sums are the same every time. A workgroup owns a
 * row of the result and looks through the indices, a word of bits at a time: all of them, or, where the result has more rows than there
 * are indices, from the first to the last that may be those of its row.
 */
export const compileScatter: Compile<ScatterKernel> = (kernel, target) => single(() => {
  const { rows, width, count } = kernel;
  const isSparse = rows > count && count > 0 && count * width * 4 <= target.limits.maxStorageBufferBindingSize;
  return isSparse ? sparseProgram(kernel, target) : { scratch: [], commands: denseDispatches(kernel, target) };
});

// Private.

/** Invocations of a workgroup, as many as two words have bits. */
const lookers = 64;
/** Sums of each of them. */
const sums = 4;
const columnsOwned = lookers * sums;

function denseDispatches({ dtype, rows, width, count }: ScatterKernel, target: Target): Dispatch[] {
  const [blocks, shader] = [Math.ceil(width / columnsOwned), denseShader(elementType[dtype])];
  // Values beyond the first part of them are added to what is there.
  return windowsOf(rows, width, target).flatMap((table) => windowsOf(count, width, target).map((values): Dispatch => ({
    kind: 'dispatch', shader, uniforms: [table.count, width, values.count, blocks, table.first, values.first], workgroups: linear(table.count * blocks, 1, target),
    slots: [{ kind: 'input', index: 0, ...slotOf(values, 1) }, { kind: 'input', index: 1, ...values.slot }, { kind: 'output', index: 0, ...table.slot }],
  })));
}

/** Rows go into buckets by a hash; of each bucket the first and the last index are found, and a workgroup for each index owns its row if none before it does. */
function sparseProgram({ dtype, rows, width, count }: ScatterKernel, target: Target): Program {
  const bits = Math.ceil(Math.log2(count)) + 1;
  const blocks = Math.ceil(width / columnsOwned);
  const [bounds, indices, values]: readonly [Slot, Slot, Slot] = [{ kind: 'scratch', index: 0 }, { kind: 'input', index: 0 }, { kind: 'input', index: 1 }];
  const bytes = 2 ** bits * 8;
  const shader = sparseShader(elementType[dtype]);
  const commands: Command[] = [
    { kind: 'clear', slot: bounds, bytes },
    { kind: 'clear', slot: { kind: 'output', index: 0 }, bytes: rows * width * 4 },
    { kind: 'dispatch', shader: boundsShader(), uniforms: [count, bits], slots: [indices, bounds], workgroups: linear(count, lookers, target) },
    ...windowsOf(rows, width, target).map((table): Dispatch => ({
      kind: 'dispatch', shader, uniforms: [table.count, width, count, blocks, table.first, bits], workgroups: linear(count * blocks, 1, target),
      slots: [indices, values, bounds, { kind: 'output', index: 0, ...table.slot }],
    })),
  ];
  return { scratch: [bytes], commands };
}

/** The text of a row's bucket; there are 2 ** bits. */
function bucketOf(row: string, bits: string): string {
  return `(${row} * 2654435761u) >> (32u - ${bits})`;
}

/** Of each bucket how far from the end its first index is, and behind them where its last one ends. Largest numbers, so that the order does not matter. */
function boundsShader(): Shader {
  const shader = new ShaderBuilder('scatter bounds');
  const [indices, bounds] = [shader.storage('indices', 'i32', 'read'), shader.storage('bounds', 'atomic<u32>', 'write')];
  const [count, bits] = [shader.uniform('count'), shader.uniform('bits')];
  const index = shader.flatIndex(lookers);
  shader.line(`if (${index} >= ${count}) { return; }`);
  const bucket = shader.let('bucket', bucketOf(`u32(${indices}[${index}])`, bits));
  shader.line(`atomicMax(&${bounds}[${bucket}], ${count} - ${index});`).line(`atomicMax(&${bounds}[(1u << ${bits}) + ${bucket}], ${index} + 1u);`);
  return shader.build([lookers]);
}

function sparseShader(type: Scalar): Shader {
  const shader = new ShaderBuilder('scatter sparse');
  const [indices, values, bounds, output] = [shader.storage('indices', 'i32', 'read'), shader.storage('values', type, 'read'), shader.storage('bounds', 'u32', 'read'), shader.storage('output', type, 'write')];
  const [rows, width, count, blocks, firstRow, bits] = [shader.uniform('rows'), shader.uniform('width'), shader.uniform('count'), shader.uniform('blocks'), shader.uniform('firstRow'), shader.uniform('bits')];
  const owned = shader.let('owned', 'group.y * groups.x + group.x');
  const item = shader.let('item', `${owned} / ${blocks}`);
  const first = shader.let('first', `${owned} % ${blocks} * ${columnsOwned}u + local.x`);
  shader.line(`if (${item} >= ${count}) { return; }`);
  const row = shader.let('row', `u32(${indices}[${item}])`);
  const bucket = shader.let('bucket', bucketOf(row, bits));
  const [from, to] = [shader.let('begin', `${count} - ${bounds}[${bucket}]`), shader.let('end', `${bounds}[(1u << ${bits}) + ${bucket}]`)];
  shader.line(`if (${row} - ${firstRow} >= ${rows} || (${from} < ${item} && u32(${indices}[${from}]) == ${row})) { return; }`);
  shader.line(`var sum = array<${type}, ${sums}>();`).line('var isFirst = true;');
  eachFound(shader, { indices, row, from: `${from} / ${lookers}u * ${lookers}u`, to, last: count }, (place) => {
    shader.line(`isFirst = isFirst && ${place} >= ${item};`);
    addRow(shader, values, `${place} * ${width} + ${first}`, first, width);
  });
  shader.line('if (!isFirst) { return; }');
  storeSums(shader, `${output}[(${row} - ${firstRow}) * ${width}`, first, width);
  return shader.build([lookers]);
}

function denseShader(type: Scalar): Shader {
  const shader = new ShaderBuilder('scatter');
  const [indices, values, output] = [shader.storage('indices', 'i32', 'read'), shader.storage('values', type, 'read'), shader.storage('output', type, 'write')];
  const [rows, width, count, blocks, firstRow, before] = [shader.uniform('rows'), shader.uniform('width'), shader.uniform('count'), shader.uniform('blocks'), shader.uniform('firstRow'), shader.uniform('before')];
  const owned = shader.let('owned', 'group.y * groups.x + group.x');
  const row = shader.let('row', `${owned} / ${blocks}`);
  const first = shader.let('first', `${owned} % ${blocks} * ${columnsOwned}u + local.x`);
  shader.line(`var sum = array<${type}, ${sums}>();`);
  shader.block(`if (${before} > 0u && ${row} < ${rows})`, () => {
    for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { sum[${k}] = ${output}[${row} * ${width} + ${first} + ${k * lookers}u]; }`);
  });
  eachFound(shader, { indices, row: `${row} + ${firstRow}`, from: '0u', to: count, last: count }, (place) => addRow(shader, values, `${place} * ${width} + ${first}`, first, width));
  shader.line(`if (${row} >= ${rows}) { return; }`);
  storeSums(shader, `${output}[${row} * ${width}`, first, width);
  return shader.build([lookers]);
}

/** Where a row is looked for: among the indices `from` … `to`, of which there are `last` in all. */
interface Search { readonly indices: string; readonly row: string; readonly from: string; readonly to: string; readonly last: string }

/** `body` for each place of a row's index, in ascending order. */
function eachFound(shader: ShaderBuilder, { indices, row, from, to, last }: Search, body: (place: string) => void): void {
  const found = shader.workgroup('found', 'atomic<u32>', 2);
  shader.loop('start', from, to, `${lookers}u`, (start) => {
    shader.line(`if (local.x < 2u) { atomicStore(&${found}[local.x], 0u); }`).line('workgroupBarrier();');
    const at = shader.let('at', `${start} + local.x`);
    shader.line(`if (${at} < ${last} && u32(${indices}[min(${at}, ${last} - 1u)]) == ${row}) { atomicOr(&${found}[local.x / 32u], 1u << (local.x % 32u)); }`).line('workgroupBarrier();');
    shader.loop('half', '0u', '2u', '1u', (half) => {
      shader.line(`var bits = atomicLoad(&${found}[${half}]);`);
      shader.block('while (bits != 0u)', () => {
        const place = shader.let('place', `${start} + ${half} * 32u + countTrailingZeros(bits)`);
        shader.line('bits &= bits - 1u;');
        body(place);
      });
    });
    shader.line('workgroupBarrier();');
  });
}

function addRow(shader: ShaderBuilder, values: string, from: string, first: string, width: string): void {
  const source = shader.let('source', from);
  for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { sum[${k}] += ${values}[${source} + ${k * lookers}u]; }`);
}

function storeSums(shader: ShaderBuilder, row: string, first: string, width: string): void {
  for (let k = 0; k < sums; k++) shader.line(`if (${first} + ${k * lookers}u < ${width}) { ${row} + ${first} + ${k * lookers}u] = sum[${k}]; }`);
}
