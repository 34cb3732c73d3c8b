import type { Access, Shader } from './program.ts';

/** Types of the words that shaders read and write. */
export type Scalar = 'f32' | 'i32' | 'u32';

/** Builds the text of one compute shader: declarations, each once, and the lines of `main`. Names are the caller's, made valid and unique. */
export class ShaderBuilder {
  readonly #label: string;
  readonly #names = new Set<string>(['main', 'uniforms', 'Uniforms', 'local', 'group', 'groups', 'id', 'member']);
  readonly #storage: { readonly name: string; readonly type: string; readonly access: Access }[] = [];
  readonly #uniforms: { readonly name: string; readonly type: Scalar }[] = [];
  readonly #declarations = new Set<string>();
  readonly #directives = new Set<string>();
  readonly #lines: string[] = [];
  #depth = 1;

  constructor(label: string) {
    this.#label = label;
  }

  /** A storage buffer, an array of `type`; gives its name. Buffers are bound in the order of these calls. */
  storage(wish: string, type: string, access: Access): string {
    const name = this.name(wish);
    this.#storage.push({ name, type, access });
    return name;
  }

  /** A word of the uniform block, in the order of these calls; gives the text that reads it. */
  uniform(wish: string, type: Scalar = 'u32'): string {
    const name = this.name(wish);
    this.#uniforms.push({ name, type });
    return `uniforms.${name}`;
  }

  /** An array that a workgroup shares; gives its name. */
  workgroup(wish: string, type: string, length: number): string {
    const name = this.name(wish);
    this.declare(`var<workgroup> ${name}: array<${type}, ${length}>;`);
    return name;
  }

  /** Puts text (a function, a constant) in front of `main`, once however often it is asked for. */
  declare(text: string): void {
    this.#declarations.add(text);
  }

  /** A directive, which stands in front of everything: `enable subgroups;`. */
  direct(text: string): void {
    this.#directives.add(text);
  }

  /** A valid name that nothing else has, like the one that is wished for. Letters of other alphabets stay. */
  name(wish: string): string {
    const valid = wish.replaceAll(/[^\p{XID_Continue}]/gu, '_').replace(/^(?=[^\p{XID_Start}])/u, 'v').replace(/_+$/u, '') || 'v';
    let name = keywords.has(valid) ? `${valid}_` : valid;
    for (let k = 1; this.#names.has(name); k++) name = `${valid}_${k}`;
    this.#names.add(name);
    return name;
  }

  /** A line of `main`. */
  line(text: string): this {
    this.#lines.push('  '.repeat(this.#depth) + text);
    return this;
  }

  /** `head { … }` */
  block(head: string, body: () => void): this {
    this.line(`${head} {`);
    this.#depth += 1;
    body();
    this.#depth -= 1;
    return this.line('}');
  }

  /** `for (var name = from; name < to; name += step) { … }` over unsigned numbers. */
  loop(wish: string, from: string, to: string, step: string, body: (index: string) => void): this {
    const index = this.name(wish);
    return this.block(`for (var ${index} = ${from}; ${index} < ${to}; ${index} += ${step})`, () => body(index));
  }

  /** A constant value with a name of its own; gives the name. */
  let(wish: string, value: string): string {
    const name = this.name(wish);
    this.line(`let ${name} = ${value};`);
    return name;
  }

  /** The invocation's number over the whole grid of `linear` workgroups of `size` invocations in a row. */
  flatIndex(size: number): string {
    return this.let('index', `(group.y * groups.x + group.x) * ${size}u + local.x`);
  }

  /** The whole: in `main`, `local`, `group`, `groups`, `id` and `member` are the builtins local_invocation_id, workgroup_id, num_workgroups, global_invocation_id and subgroup_invocation_id. */
  build(workgroup: readonly [x: number, y?: number, z?: number]): Shader {
    const bindings = this.#storage.map(({ name, type, access }, k) => `@group(0) @binding(${k}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ${name}: array<${type}>;`);
    const code = [
      ...this.#directives,
      ...(this.#uniforms.length > 0 ? [`struct Uniforms { ${this.#uniforms.map(({ name, type }) => `${name}: ${type}`).join(', ')} }`] : []),
      ...bindings,
      ...(this.#uniforms.length > 0 ? [`@group(0) @binding(${bindings.length}) var<uniform> uniforms: Uniforms;`] : []),
      ...this.#declarations,
      `@compute @workgroup_size(${workgroup.join(', ')})`,
      `fn main(${builtins.filter(([name]) => this.#mentions(name)).map(([name, builtin]) => `@builtin(${builtin}) ${name}: ${name === 'member' ? 'u32' : 'vec3<u32>'}`).join(', ')}) {`,
      ...this.#lines,
      '}',
      '',
    ].join('\n');
    return { label: this.#label, code, bindings: this.#storage.map(({ access }) => access), uniforms: this.#uniforms.length };
  }

  #mentions(name: string): boolean {
    const word = new RegExp(String.raw`\b${name}\b`, 'u');
    return this.#lines.some((line) => word.test(line));
  }
}

/** Lets a shader have numbers of half of the bits in its buffers; gives their type. */
export function enableHalf(shader: ShaderBuilder): 'f16' {
  shader.direct('enable f16;');
  return 'f16';
}

/** A number as WGSL text of a type. Bits that no literal can say (∞, NaN) are not for this; see `emit.ts`. */
export function literal(value: number, type: Scalar): string {
  if (type === 'u32') return `${value >>> 0}u`;
  if (type === 'i32') return `i32(${Math.trunc(value) | 0})`;
  const text = String(Math.fround(value));
  if (Object.is(value, -0)) return '-0.0f';
  return /[.e]/u.test(text) ? `${text}f` : `${text}.0f`;
}

const builtins = [['local', 'local_invocation_id'], ['group', 'workgroup_id'], ['groups', 'num_workgroups'], ['id', 'global_invocation_id'], ['member', 'subgroup_invocation_id']] as const;

/** Short words that a cell's author might use for a value and WGSL keeps for itself, or has a function of that name that generated code calls. */
const keywords = new Set([
  'alias', 'break', 'case', 'const', 'continue', 'default', 'diagnostic', 'discard', 'else', 'enable', 'false', 'fn', 'for', 'if', 'let', 'loop', 'override', 'requires', 'return', 'struct', 'switch', 'true', 'var', 'while',
  'abs', 'array', 'as', 'atomic', 'await', 'bitcast', 'bool', 'class', 'clamp', 'do', 'enum', 'exp', 'export', 'extends', 'f16', 'f32', 'floor', 'fma', 'from', 'get', 'i32', 'import', 'in', 'inline', 'interface', 'log', 'match', 'max', 'min',
  'mod', 'module', 'new', 'nil', 'null', 'of', 'operator', 'or', 'pass', 'precise', 'private', 'ptr', 'public', 'ref', 'round', 'select', 'self', 'set', 'sin', 'cos', 'sqrt', 'static', 'super', 'target', 'tanh', 'template', 'this', 'throw', 'trait', 'try', 'type', 'typedef',
  'u32', 'union', 'use', 'using', 'vec2', 'vec3', 'vec4', 'vec2f', 'vec4f', 'vec2u', 'vec4u', 'virtual', 'where', 'with', 'yield', 'workgroup', 'workgroupBarrier', 'storage', 'uniform', 'function', 'handle', 'demote', 'final', 'filter', 'goto', 'macro', 'meta', 'mut', 'pub', 'shared', 'std', 'quad', 'regardless', 'resource',
  // Functions that generated code calls.
  ...['isNan', 'infinity', 'exponential', 'logistic', 'tangent', 'logarithm', 'smaller', 'larger', 'rectified', 'truncated'].flatMap((name) => [name, `${name}2`, `${name}4`]), 'philox', 'multiplyHigh', 'unit',
]);
