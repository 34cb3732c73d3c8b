import type { Shader } from '../program.ts';
import { enableSubgroups } from '../subgroups.ts';
import { enableHalf, ShaderBuilder, type Scalar } from '../wgsl.ts';
import type { Tile } from './tile.ts';

/** What the code of a product by lanes depends on. */
export interface LanesCode {
  /** `height` rows, `width` columns for each invocation, `depth` terms at a time: as many as a subgroup has lanes. */
  readonly tile: Tile;
  readonly type: Scalar;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: boolean;
  /** Whether B has numbers of half of the bits; sums are float32 all the same. */
  readonly halfB: boolean;
  /** Whether slices of terms are no whole multiples of `depth`. */
  readonly hasRest: boolean;
  /** Whether a transposed A, and B, are read four neighbours at a time. There is no rest then. */
  readonly isVectorA: boolean;
  readonly isVectorB: boolean;
}

/** The block for a device whose subgroups have so many lanes: a few subgroups, so that what they read is still at hand for the next ones. */
export function lanesTile(lanes: 4 | 8, width: 2 | 4): Tile {
  return { name: 'lanes', rows: 8, columns: 16 * width, depth: lanes, height: 8, width };
}

/**
 * C = A B (+ bias) where every load is dear (`sharedLanes`): each lane reads another term of a row of A, and hands it to all. Nothing
 * goes through workgroup memory. Buffers and uniforms as `tileShader` has them; workgroups: blocks of rows, blocks of columns, so that those
 * that run one after the other read the same part of B, batch × slices.
 */
export function lanesShader(code: LanesCode): Shader {
  return new Lanes(code).build();
}

// Private.

class Lanes {
  readonly #code: LanesCode;
  readonly #shader = new ShaderBuilder('matmul lanes');

  constructor(code: LanesCode) {
    this.#code = code;
  }

  build(): Shader {
    const shader = this.#shader;
    const { tile: { columns: span, height, width, depth }, type, transposeA, transposeB, bias, halfB, hasRest, isVectorA, isVectorB } = this.#code;
    const storage = (name: string, isVector: boolean, own: string = type): string => shader.storage(name, isVector ? `vec4<${own}>` : own, 'read');
    const [a, b, shift] = [storage('a', isVectorA), storage('b', isVectorB, halfB ? enableHalf(shader) : type), bias ? storage('bias', false) : undefined];
    const c = shader.storage('c', type, 'write');
    const [m, n, k, stepA, stepB, slices, slice, firstOfBatch, batch] = ['m', 'n', 'k', 'stepA', 'stepB', 'slices', 'slice', 'first', 'batch'].map((name) => shader.uniform(name)) as [string, string, string, string, string, string, string, string, string];
    const threads = span / width;
    const index = shader.let('index', `group.z / ${slices} + ${firstOfBatch}`);
    const part = shader.let('part', `group.z % ${slices}`);
    const [begin, end] = [shader.let('begin', `${part} * ${slice}`), shader.let('end', `min((${part} + 1u) * ${slice}, ${k})`)];
    const areNeighbours = isVectorB && !transposeB;
    const rows = Array.from({ length: height }, (_, r) => shader.let('row', `group.x * ${height}u + ${r}u`));
    const columns = Array.from({ length: width }, (_, q) => shader.let('column', `group.y * ${span}u + ${areNeighbours ? `local.x * ${width}u + ${q}u` : `${q * threads}u + local.x`}`));
    // What is behind the edges is computed from what is inside, and not written.
    const inside = (at: string, count: string, isVector: boolean): string => `min(${at}, ${count} - ${isVector ? 4 : 1}u)`;
    const left: Operand = { data: a, isHalf: false, isVector: isVectorA, isAlongK: !transposeA, across: m, starts: rows.map((row) => shader.let('left', `${index} * ${stepA} + ${inside(row, m, isVectorA)}${transposeA ? '' : ` * ${k}`}`)) };
    const right: Operand = { data: b, isHalf: halfB, isVector: isVectorB, isAlongK: transposeB, across: n, starts: columns.map((column) => shader.let('right', `${index} * ${stepB} + ${inside(column, n, areNeighbours)}${transposeB ? ` * ${k}` : ''}`)) };
    const sums = rows.map((_, r) => columns.map((__, q) => `sum${r}${q}`));
    for (const sum of sums.flat()) shader.line(`var ${sum} = ${type}();`);
    enableSubgroups(shader);
    const whole = hasRest ? shader.let('whole', `${begin} + (${end} - ${begin}) / ${depth}u * ${depth}u`) : end;
    shader.loop('term', begin, whole, `${depth}u`, (term) => {
      const owned = this.#terms(left, [`(${term} + member)`]);
      const values = this.#terms(right, Array.from({ length: depth }, (_, lane) => `(${term} + ${lane}u)`));
      for (let lane = 0; lane < depth; lane++) this.#add(sums, owned.map((own) => shader.let('factor', `subgroupBroadcast(${own(0)}, ${lane}u)`)), values.map((value) => value(lane)));
    });
    if (hasRest) shader.loop('term', whole, end, '1u', (term) => this.#add(sums, this.#terms(left, [term]).map((factor) => factor(0)), this.#terms(right, [term]).map((value) => value(0))));
    const start = shader.let('start', `(${part} * ${batch} + ${index}) * ${m} * ${n}`);
    columns.forEach((column, q) => shader.block(`if (${column} < ${n})`, () => {
      const more = shift === undefined ? '' : ` + ${shader.let('shift', `select(${type}(), ${shift}[${column}], ${part} == 0u)`)}`;
      rows.forEach((row, r) => shader.line(`if (${row} < ${m}) { ${c}[${start} + ${row} * ${n} + ${column}] = ${sums[r]?.[q]}${more}; }`));
    }));
    return shader.build([threads]);
  }

  /** Reads an operand at some terms; for each of its rows or columns the text of its number at a term. */
  #terms({ data, isHalf, isVector, isAlongK, across, starts }: Operand, terms: readonly string[]): ((term: number) => string)[] {
    const shader = this.#shader;
    const element = (start: string, term: string): string => `${start} + ${isAlongK ? term : `${term} * ${across}`}`;
    const widened = (text: string, type: string): string => (isHalf ? `${type}(${text})` : text);
    if (!isVector) {
      const texts = terms.map((term) => starts.map((start) => shader.let('value', widened(`${data}[${element(start, term)}]`, 'f32'))));
      return starts.map((_, k) => (term) => texts[term]?.[k] as string);
    }
    const four = (start: string, term: string): string => shader.let('values', widened(`${data}[(${element(start, term)}) / 4u]`, 'vec4<f32>'));
    if (isAlongK) {
      return starts.map((start) => {
        const vectors = terms.filter((_, k) => k % 4 === 0).map((term) => four(start, term));
        return (term) => `${vectors[term >> 2]}[${term % 4}]`;
      });
    }
    const vectors = terms.map((term) => starts.filter((_, k) => k % 4 === 0).map((start) => four(start, term)));
    return starts.map((_, k) => (term) => `${vectors[term]?.[k >> 2]}[${k % 4}]`);
  }

  #add(sums: readonly (readonly string[])[], factors: readonly string[], values: readonly string[]): void {
    sums.forEach((list, r) => list.forEach((sum, q) => {
      this.#shader.line(this.#code.type === 'f32' ? `${sum} = fma(${factors[r]}, ${values[q]}, ${sum});` : `${sum} += ${factors[r]} * ${values[q]};`);
    }));
  }
}

/** One of the two operands: where its rows (columns) begin, and whether their terms are neighbours in memory or `across` elements apart. */
interface Operand { readonly data: string; readonly isHalf: boolean; readonly isVector: boolean; readonly isAlongK: boolean; readonly across: string; readonly starts: readonly string[] }
