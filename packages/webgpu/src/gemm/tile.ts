import type { Shader } from '../program.ts';
import { enableHalf, ShaderBuilder, type Scalar } from '../wgsl.ts';

/** How a workgroup shares the work: a block of `rows` × `columns` results over `depth` terms at a time, `height` × `width` of them each invocation. */
export interface Tile {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** 4 or 8. */
  readonly height: number;
  readonly width: number;
}

/** What the code of a product depends on. */
export interface ProductCode {
  readonly tile: Tile;
  readonly type: Scalar;
  /** A is (K, M) instead of (M, K); B is (N, K) instead of (K, N). */
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: boolean;
  /** Whether B has numbers of half of the bits; sums are float32 all the same. */
  readonly halfB: boolean;
  /** Whether rows of A, of B and of C are whole vectors of four, so that they are read and written as such. */
  readonly isVector: boolean;
}

/**
 * C = A B (+ bias) by blocks, the terms perhaps cut into slices, of which each gives a C of its own. Buffers: A, B, the bias if any,
 * C (slices, batch, M, N); uniforms: m, n, k, elements from one A to the next, the same for B, slices, terms of a slice (a multiple of
 * `depth`), the first of the batch, its size; workgroups: blocks of columns, blocks of rows, batch × slices.
 */
export function tileShader(code: ProductCode): Shader {
  return new TileCode(code).build();
}

/** Invocations of a workgroup. */
export function threadsOf({ rows, columns, height, width }: Tile): number {
  return (rows / height) * (columns / width);
}

/** Bytes of workgroup memory. */
export function sharedBytes({ rows, columns, depth }: Tile): number {
  return depth * (rows + columns + 8) * 4;
}

// Private.

/** One of the two operands: a matrix whose other dimension than K is called x. */
interface Operand {
  readonly data: string;
  readonly isHalf: boolean;
  readonly tile: string;
  /** Of the block. */
  readonly extent: number;
  /** Its first x, and how many x there are. */
  readonly first: string;
  readonly count: string;
  /** Where its matrix starts. */
  readonly start: string;
  /** Whether elements with neighbouring k are neighbours in memory, rather than those with neighbouring x. */
  readonly alongK: boolean;
}

class TileCode {
  readonly #code: ProductCode;
  readonly #shader: ShaderBuilder;
  readonly #vector: string;

  constructor(code: ProductCode) {
    this.#code = code;
    this.#shader = new ShaderBuilder(`matmul ${code.tile.name}`);
    this.#vector = `vec4<${code.type}>`;
  }

  build(): Shader {
    const shader = this.#shader;
    const { tile, transposeA, transposeB, bias, halfB, isVector, type } = this.#code;
    const storage = (name: string, access: 'read' | 'write'): string => shader.storage(name, isVector ? this.#vector : type, access);
    const half = halfB ? enableHalf(shader) : undefined;
    const [a, b] = [storage('a', 'read'), half === undefined ? storage('b', 'read') : shader.storage('b', isVector ? `vec4<${half}>` : half, 'read')];
    const shift = bias ? storage('bias', 'read') : undefined;
    const c = storage('c', 'write');
    const [m, n, k, stepA, stepB, slices, slice, firstOfBatch, batch] = ['m', 'n', 'k', 'stepA', 'stepB', 'slices', 'slice', 'first', 'batch'].map((name) => shader.uniform(name)) as [string, string, string, string, string, string, string, string, string];
    const tileA = shader.workgroup('tileA', this.#vector, tile.depth * (tile.rows / 4 + 1));
    const tileB = shader.workgroup('tileB', this.#vector, tile.depth * (tile.columns / 4 + 1));
    const [x, y] = [shader.let('x', `local.x % ${tile.columns / tile.width}u`), shader.let('y', `local.x / ${tile.columns / tile.width}u`)];
    const index = shader.let('index', `group.z / ${slices} + ${firstOfBatch}`);
    const part = shader.let('part', `group.z % ${slices}`);
    const [row, column] = [shader.let('row', `group.y * ${tile.rows}u`), shader.let('column', `group.x * ${tile.columns}u`)];
    const end = shader.let('end', `min((${part} + 1u) * ${slice}, ${k})`);
    const left: Operand = { data: a, isHalf: false, tile: tileA, extent: tile.rows, first: row, count: m, start: `${index} * ${stepA}`, alongK: !transposeA };
    const right: Operand = { data: b, isHalf: halfB, tile: tileB, extent: tile.columns, first: column, count: n, start: `${index} * ${stepB}`, alongK: transposeB };
    this.#eachSum((name) => shader.line(`var ${name} = ${this.#vector}();`));
    shader.loop('depth', `${part} * ${slice}`, end, `${tile.depth}u`, (depth) => {
      for (const operand of [left, right]) this.#load(operand, depth, end, k);
      shader.line('workgroupBarrier();');
      this.#multiply(tileA, tileB, x, y);
      shader.line('workgroupBarrier();');
    });
    const start = shader.let('start', `(${part} * ${batch} + ${index}) * ${m} * ${n}`);
    this.#store({ c, shift, start, part, m, n, row: `${row} + ${y} * 4u`, column: `${column} + ${x} * 4u` });
    return shader.build([threadsOf(tile)]);
  }

  /** `body(sumRC, r, c)` for each row r of an invocation and each four of its columns. */
  #eachSum(body: (name: string, row: number, column: number) => void): void {
    const { height, width } = this.#code.tile;
    for (let row = 0; row < height; row++) for (let column = 0; column < width / 4; column++) body(`sum${row}${column}`, row, column);
  }

  /** Brings a block of an operand into workgroup memory, k by k, with zeros around the matrix. */
  #load({ data, isHalf, tile, extent, first, count, start, alongK }: Operand, depth: string, end: string, k: string): void {
    const shader = this.#shader;
    const { tile: { depth: terms }, isVector } = this.#code;
    const [units, threads, pitch] = [extent * terms / 4, threadsOf(this.#code.tile), extent / 4 + 1];
    const across = alongK ? terms / 4 : extent / 4;
    const widened = (own: string, text: string): string => (isHalf ? `${own}(${text})` : text);
    const load = (unit: string): void => {
      const [fast, slow] = [shader.let('fast', `${unit} % ${across}u * 4u`), shader.let('slow', `${unit} / ${across}u`)];
      const atK = shader.let('atK', `${depth} + ${alongK ? fast : slow}`);
      const atX = shader.let('atX', `${first} + ${alongK ? slow : fast}`);
      const place = shader.let('place', alongK ? `${start} + ${atX} * ${k} + ${atK}` : `${start} + ${atK} * ${count} + ${atX}`);
      const [moving, limit, fixed] = alongK ? [atK, end, `${atX} < ${count}`] : [atX, count, `${atK} < ${end}`];
      const values = shader.name('values');
      shader.line(`var ${values} = ${this.#vector}();`);
      shader.block(`if (${fixed})`, () => {
        if (isVector) shader.line(`if (${moving} < ${limit}) { ${values} = ${widened(this.#vector, `${data}[${place} / 4u]`)}; }`);
        else for (let lane = 0; lane < 4; lane++) shader.line(`if (${moving} + ${lane}u < ${limit}) { ${values}[${lane}] = ${widened(this.#code.type, `${data}[${place} + ${lane}u]`)}; }`);
      });
      if (!alongK) shader.line(`${tile}[${slow} * ${pitch}u + ${fast} / 4u] = ${values};`);
      else for (let lane = 0; lane < 4; lane++) shader.line(`${tile}[(${fast} + ${lane}u) * ${pitch}u + ${slow} / 4u][${slow} % 4u] = ${values}[${lane}];`);
    };
    shader.loop('unit', 'local.x', `${units}u`, `${threads}u`, load);
  }

  #multiply(tileA: string, tileB: string, x: string, y: string): void {
    const shader = this.#shader;
    const { rows, columns, depth, height, width } = this.#code.tile;
    shader.loop('term', '0u', `${depth}u`, '1u', (term) => {
      const lefts = Array.from({ length: height / 4 }, (_, half) => shader.let('left', `${tileA}[${term} * ${rows / 4 + 1}u + ${y} + ${half * rows / 8}u]`));
      const rights = Array.from({ length: width / 4 }, (_, half) => shader.let('right', `${tileB}[${term} * ${columns / 4 + 1}u + ${x} + ${half * columns / 8}u]`));
      this.#eachSum((sum, row, column) => {
        const factor = `${this.#vector}(${lefts[row >> 2]}[${row % 4}])`;
        shader.line(this.#code.type === 'f32' ? `${sum} = fma(${factor}, ${rights[column]}, ${sum});` : `${sum} += ${factor} * ${rights[column]};`);
      });
    });
  }

  #store({ c, shift, start, part, m, n, row, column }: { readonly c: string; readonly shift: string | undefined; readonly start: string; readonly part: string; readonly m: string; readonly n: string; readonly row: string; readonly column: string }): void {
    const shader = this.#shader;
    const { tile: { rows, columns, height, width }, isVector } = this.#code;
    const atColumns = Array.from({ length: width / 4 }, (_, half) => shader.let('atColumn', `${column} + ${half * columns / 2}u`));
    for (const [half, atColumn] of shift === undefined ? [] : atColumns.entries()) {
      const value = shader.name('shift');
      shader.line(`var ${value} = ${this.#vector}();`);
      shader.block(`if (${part} == 0u)`, () => {
        if (isVector) shader.line(`${value} = ${shift}[min(${atColumn}, ${n} - 4u) / 4u];`);
        else for (let lane = 0; lane < 4; lane++) shader.line(`${value}[${lane}] = ${shift}[min(${atColumn} + ${lane}u, ${n} - 1u)];`);
      });
      this.#eachSum((sum, _, other) => { if (other === half) shader.line(`${sum} += ${value};`); });
    }
    for (let r = 0; r < height; r++) {
      const atRow = shader.let('atRow', `${row} + ${(r >> 2) * rows / 2 + (r % 4)}u`);
      shader.block(`if (${atRow} < ${m})`, () => {
        atColumns.forEach((atColumn, half) => {
          const [place, sum] = [shader.let('place', `${start} + ${atRow} * ${n} + ${atColumn}`), `sum${r}${half}`];
          if (isVector) shader.line(`if (${atColumn} < ${n}) { ${c}[${place} / 4u] = ${sum}; }`);
          else for (let lane = 0; lane < 4; lane++) shader.line(`if (${atColumn} + ${lane}u < ${n}) { ${c}[${place} + ${lane}u] = ${sum}[${lane}]; }`);
        });
      });
    }
  }
}
