import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recurrentParameterNames, writeSafetensors } from '@unroll/interop';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readManifests } from '../house/tree.ts';
import { codeBlocks, moduleName, moduleText, placedErrors, type CodeBlock } from './readme.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const readmes = ['README.md', ...readManifests(root).map(({ folder }) => `${folder}/README.md`)].filter((path) => existsSync(join(root, path)));
const blocks = readmes.flatMap((path) => codeBlocks(path, readFileSync(join(root, path), 'utf8')));
// Wrong, so that a compiler which has read nothing is noticed.
const canary: CodeBlock = { readme: 'canary.md', line: 7, given: [], code: ['export const count: number = "one";'] };
const modules = [...blocks, canary];
const project = mkdtempSync(join(tmpdir(), 'unroll-readme-'));

// A project that has every package, as its sources, and the modules of all READMEs.
beforeAll(() => {
  mkdirSync(join(project, 'node_modules/@unroll'), { recursive: true });
  for (const { room, folder } of readManifests(root)) symlinkSync(join(root, folder), join(project, 'node_modules/@unroll', room), 'junction');
  for (const block of modules) writeFileSync(join(project, moduleName(block)), moduleText(block));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const compilerOptions = { types: ['node'], typeRoots: [join(root, 'node_modules/@types')], declaration: false, isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, files: modules.map(moduleName) }));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('every block of every README compiles', () => {
  expect(blocks.length).toBeGreaterThan(10);
  expect(placedErrors(compilerOutput(), modules)).toEqual([`canary.md:7:14: error TS2322: Type 'string' is not assignable to type 'number'.`]);
});

describe('the README of the project', () => {
  const shown = vi.fn<(scores: readonly number[]) => void>();

  // What the program for a page finds there.
  beforeAll(() => {
    vi.stubGlobal('fetch', async (name: string) => new Response(name === 'gestures.safetensors' ? gestures() : null));
    vi.stubGlobal('onMotion', (hear: (sample: readonly number[]) => void) => [[0, 1, 0], [0.5, 0, 0]].forEach((sample) => hear(sample)));
    vi.stubGlobal('show', (scores: ArrayLike<number>) => shown(Array.from(scores)));
  });

  afterAll(() => vi.unstubAllGlobals());

  test.each(blocks.filter(({ readme }) => readme === 'README.md'))('line $line runs, with two steps of training', async (block) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const text = moduleText(block);
    const short = text.replaceAll(/\bsteps: \d+/g, 'steps: 2');
    const path = join(project, `run-${block.line}.ts`);
    writeFileSync(path, short);
    await import(path);
    const reports: readonly unknown[][] = log.mock.calls;
    expect(reports.map(([step]) => step)).toEqual(short === text ? [] : [1, 2]);
    expect(reports.every(([, loss]) => Number.isFinite(loss))).toBe(true);
  });

  test('shows scores of five gestures for every motion', () => {
    const scores: readonly (readonly number[])[] = shown.mock.calls.map(([each]) => each);
    expect(scores.map(({ length }) => length)).toEqual([5, 5]);
    expect(scores[0]).not.toEqual(scores[1]);
    expect(scores.flat().every(Number.isFinite)).toBe(true);
  });
});

describe('blocks', () => {
  const text = ['# A', '```sh', 'ls', '```', '<!-- given', 'declare const x: number;', '-->', '', '```ts', 'x.y;', '```', '```ts', '1;', '2;', '```', ''].join('\n');

  test('are found with what is given to them', () => {
    const found = codeBlocks('packages/a/README.md', text);
    expect(found).toEqual([
      { readme: 'packages/a/README.md', line: 10, given: ['declare const x: number;'], code: ['x.y;'] },
      { readme: 'packages/a/README.md', line: 13, given: [], code: ['1;', '2;'] },
    ]);
    expect(found.map(moduleName)).toEqual(['packages-a-README-10.ts', 'packages-a-README-13.ts']);
    expect(found.map(moduleText)).toEqual(['declare const x: number;\nx.y;\n', '1;\n2;\n']);
    expect(codeBlocks('a.md', text.replaceAll('\n', '\r\n'))).toHaveLength(2);
  });

  test('have errors where readers see them', () => {
    const output = ['/tmp/p/packages-a-README-10.ts(2,3): error TS1: no y', '/tmp/p/packages-a-README-10.ts(1,1): error TS2: no x', '../b.ts(1,1): error TS3: else', '  more'].join('\n');
    expect(placedErrors(output, codeBlocks('packages/a/README.md', text))).toEqual(['packages/a/README.md:10:3: error TS1: no y', 'packages/a/README.md:10: line 1 of what is given: error TS2: no x']);
  });

  test.each([
    ['```ts\n1;', 'a.md:1: "```ts" has no end "```"'],
    ['<!-- given\n1;', 'a.md:1: "<!-- given" has no end "-->"'],
    ['<!-- given\n1;\n-->\nwords\n```ts\n1;\n```', 'a.md:4: what is given must stand right before a block of ts'],
  ])('%j is refused', (text, message) => {
    expect(() => codeBlocks('a.md', text)).toThrow(message);
  });
});

/** A file as PyTorch writes it, of the module in the README. */
function gestures(): Uint8Array<ArrayBuffer> {
  const [hidden, gates] = [64, 4 * 64];
  const layers = recurrentParameterNames({ numLayers: 2 }).map((name): [string, number[]] =>
    [`lstm.${name}`, name.startsWith('bias') ? [gates] : [gates, name === 'weight_ih_l0' ? 3 : hidden]]);
  const shapes: readonly [string, number[]][] = [...layers, ['head.weight', [5, hidden]], ['head.bias', [5]]];
  const values = (shape: readonly number[]): Float32Array => Float32Array.from({ length: shape.reduce((size, extent) => size * extent) }, (_, k) => Math.sin(k) / 8);
  return new Uint8Array(writeSafetensors([...shapes].map(([name, shape]) => [name, { shape, data: values(shape) }])));
}

function compilerOutput(): string {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  try {
    return execFileSync(process.execPath, [tsc, '--project', project, '--pretty', 'false'], { encoding: 'utf8', cwd: project });
  } catch (error) {
    return String((error as { readonly stdout?: unknown }).stdout);
  }
}
