/**
 * The code in READMEs, made checkable. Every block marked `ts` is a module of its own. What it takes for granted stands in a comment
 * before it, which readers do not see:
 *
 *     <!-- given
 *     import type { Tensor } from '@unroll/tensor';
 *     declare const input: Tensor;
 *     -->
 */
export interface CodeBlock {
  /** Path of the README from the root of the repository. */
  readonly readme: string;
  /** Line of the README on which the code begins, from 1. */
  readonly line: number;
  /** Lines before it that readers do not see. */
  readonly given: readonly string[];
  readonly code: readonly string[];
}

/** All `ts` blocks of a README. Throws where a block or a comment has no end, or something given is given to nothing. */
export function codeBlocks(readme: string, text: string): CodeBlock[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: CodeBlock[] = [];
  let given: readonly string[] | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').trim();
    const end = line === '<!-- given' ? '-->' : line.startsWith('```') ? '```' : undefined;
    if (given !== undefined && line !== '' && line !== '```ts') throw new Error(`${readme}:${at + 1}: what is given must stand right before a block of ts`);
    if (end === undefined) continue;
    const stop = lines.findIndex((other, k) => k > at && other.trim() === end);
    if (stop < 0) throw new Error(`${readme}:${at + 1}: "${line}" has no end "${end}"`);
    const inside = lines.slice(at + 1, stop);
    if (end === '-->') given = inside;
    else if (line === '```ts') {
      blocks.push({ readme, line: at + 2, given: given ?? [], code: inside });
      given = undefined;
    }
    at = stop;
  }
  return blocks;
}

/** Name of the module that is made of a block, which is unique and says where it comes from: `packages-layers-README-12.ts`. */
export function moduleName({ readme, line }: CodeBlock): string {
  return `${readme.replace(/\.md$/, '').replaceAll('/', '-')}-${line}.ts`;
}

/** The block as a module. */
export function moduleText({ given, code }: CodeBlock): string {
  return [...given, ...code, ''].join('\n');
}

/** What the compiler says of the modules, at the places in the READMEs; of other files nothing. */
export function placedErrors(output: string, blocks: readonly CodeBlock[]): string[] {
  return output.split('\n').flatMap((message) => {
    const [, path = '', line = '', column = '', rest = ''] = /^(.*)\((\d+),(\d+)\): (.*)$/.exec(message) ?? [];
    const block = blocks.find((one) => path.split(/[\\/]/).at(-1) === moduleName(one));
    if (block === undefined) return [];
    const inCode = Number(line) - block.given.length;
    return [inCode > 0 ? `${block.readme}:${block.line + inCode - 1}:${column}: ${rest}` : `${block.readme}:${block.line}: line ${line} of what is given: ${rest}`];
  });
}
