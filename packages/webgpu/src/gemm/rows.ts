import type { Shader } from '../program.ts';
import { enableHalf, ShaderBuilder, type Scalar } from '../wgsl.ts';

/** What the code of a product of few rows depends on. */
export interface RowsCode {
  /** M, written out. */
  readonly rows: number;
  readonly type: Scalar;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: boolean;
  /** Whether B has numbers of half of the bits; sums are float32 all the same. */
  readonly halfB: boolean;
}

/** Invocations of a workgroup. */
const workgroup = 64;

/** Columns of C that a workgroup computes: neighbours in B share a line of memory where its rows are theirs. */
export function columnsOf({ transposeB }: Pick<RowsCode, 'transposeB'>): number {
  return transposeB ? 4 : 16;
}

/**
 * C = A B (+ bias) for few rows: reading B is all the work. Invocations share the terms of a column, and add up what they found.
 * Buffers: A, B, the bias if any, C; uniforms: n, k, elements from one A to the next, the same for B, the first of the batch;
 * workgroups: blocks of columns, 1, batch.
 */
export function rowsShader({ rows, type, transposeA, transposeB, bias, halfB }: RowsCode): Shader {
  const shader = new ShaderBuilder('matmul rows');
  const [a, b] = [shader.storage('a', type, 'read'), shader.storage('b', halfB ? enableHalf(shader) : type, 'read')];
  const shift = bias ? shader.storage('bias', type, 'read') : undefined;
  const c = shader.storage('c', type, 'write');
  const [n, k, stepA, stepB, first] = [shader.uniform('n'), shader.uniform('k'), shader.uniform('stepA'), shader.uniform('stepB'), shader.uniform('first')];
  const widened = (text: string): string => (halfB ? `f32(${text})` : text);
  const columns = columnsOf({ transposeB });
  const sharing = workgroup / columns;
  const sums = shader.workgroup('sums', type, rows * workgroup);
  // Neighbours read neighbours: along k where columns of B lie so, along n otherwise.
  const [x, y] = transposeB ? [`local.x / ${sharing}u`, `local.x % ${sharing}u`] : [`local.x % ${columns}u`, `local.x / ${columns}u`];
  const [own, share] = [shader.let('own', x), shader.let('share', y)];
  const column = shader.let('column', `group.x * ${columns}u + ${own}`);
  const index = shader.let('index', `group.z + ${first}`);
  const inside = shader.let('inside', `min(${column}, ${n} - 1u)`);
  const row = (r: number): string => `sum${r}`;
  for (let r = 0; r < rows; r++) shader.line(`var ${row(r)} = ${type}();`);
  shader.loop('at', share, k, `${sharing}u`, (at) => {
    const factor = shader.let('factor', widened(`${b}[${index} * ${stepB} + ${transposeB ? `${inside} * ${k} + ${at}` : `${at} * ${n} + ${inside}`}]`));
    for (let r = 0; r < rows; r++) shader.line(`${row(r)} += ${a}[${index} * ${stepA} + ${transposeA ? `${at} * ${rows}u + ${r}u` : `${r}u * ${k} + ${at}`}] * ${factor};`);
  });
  for (let r = 0; r < rows; r++) shader.line(`${sums}[${r * workgroup}u + ${own} * ${sharing}u + ${share}] = ${row(r)};`);
  shader.line('workgroupBarrier();');
  shader.block(`if (local.x < ${columns * rows}u)`, () => {
    const [r, offset] = [shader.let('r', `local.x / ${columns}u`), shader.let('offset', `local.x % ${columns}u`)];
    const to = shader.let('to', `group.x * ${columns}u + ${offset}`);
    shader.block(`if (${to} < ${n})`, () => {
      shader.line(`var total = ${shift === undefined ? `${type}()` : `${shift}[${to}]`};`);
      shader.loop('of', '0u', `${sharing}u`, '1u', (of) => shader.line(`total += ${sums}[${r} * ${workgroup}u + ${offset} * ${sharing}u + ${of}];`));
      shader.line(`${c}[(${index} * ${rows}u + ${r}) * ${n} + ${to}] = total;`);
    });
  });
  return shader.build([workgroup]);
}
