import { describe, expect, it } from 'vitest';
import { importCycles } from './cycles.ts';
import { importFaults } from './imports.ts';
import { bareSuppressions, codeLines, functionLengths, quantile } from './lines.ts';
import { type Manifest, type Package, parseSource } from './tree.ts';
import { identityFaults, wordFaults } from './words.ts';

function pkg(room: string, files: Readonly<Record<string, string>>, manifest: Partial<Manifest> = {}): Package {
  const isApp = room === 'cli';
  const folder = `${isApp ? 'apps' : 'packages'}/${room}`;
  return {
    room,
    isApp,
    folder,
    manifest: { name: `@unroll/${room}`, version: '0.1.0', license: 'MIT', sideEffects: false, ...(isApp ? {} : { publishConfig: { exports: {} } }), ...manifest },
    sources: Object.entries(files).map(([file, text]) => parseSource(`${folder}/src/${file}`, text)),
  };
}

const onTensor = { dependencies: { '@unroll/tensor': 'workspace:*', '@unroll/expr': 'workspace:*' } };

describe('the import table', () => {
  it('lets through what the table allows', () => {
    const files = {
      'a.ts': `import { add } from '@unroll/expr'; import type { B } from '@unroll/tensor/backend'; export * from './b.ts';`,
      'b.ts': '',
      'a.test.ts': `import { it } from 'vitest'; import { suite } from '@unroll/testing'; import { zeros } from '@unroll/tensor';`,
    };
    expect(importFaults([pkg('wasm', files, onTensor)])).toEqual([]);
    expect(importFaults([pkg('cli', { 'main.ts': `import { wasm } from '@unroll/wasm'; import 'node:fs'; import 'virtual:made';` }, { dependencies: { '@unroll/wasm': 'workspace:*' } })])).toEqual([]);
  });

  it.each([
    ['a value', `import { lstm } from '@unroll/cells';`],
    ['a type', `import type { Cell } from '@unroll/cells';`],
    ['a re-export', `export * from '@unroll/cells';`],
    ['a type by import()', `export type C = import('@unroll/cells').Cell;`],
    ['import()', `export const c = await import('@unroll/cells');`],
  ])('refuses %s from a package that the row does not name', (_, text) => {
    expect(importFaults([pkg('wasm', { 'a.ts': `\n${text}` }, onTensor)])).toEqual(['packages/wasm/src/a.ts:2: wasm must not import @unroll/cells']);
  });

  it('refuses the upper side of tensor in a backend, suites outside tests, outside packages and ways out of the folder', () => {
    const text = `import '@unroll/tensor'; import '@unroll/testing'; import 'lodash/fp'; import '../../expr/src/ops.ts'; import 'node:fs'; import 'virtual:made';`;
    const faults = importFaults([pkg('wasm', { 'a.ts': text }, onTensor)]);
    expect(faults.map((fault) => fault.replace('packages/wasm/src/a.ts:1: ', ''))).toEqual([
      'wasm imports @unroll/tensor/backend, not @unroll/tensor',
      '@unroll/testing is for tests of wasm, webgpu, diagram and apps',
      'lodash/fp: a library here depends on nothing outside the workspace',
      '"../../expr/src/ops.ts" leaves the package; import it by its name',
      'node:fs: a library here depends on nothing outside the workspace',
      'virtual:made: a library here depends on nothing outside the workspace',
    ]);
  });

  it('lets one library load what its row names, once it is declared, and no other', () => {
    const files = { 'a.ts': `await import('csv-parse/browser/esm/sync');` };
    const declared = { dependencies: { 'csv-parse': 'catalog:' } };
    expect(importFaults([pkg('datasets', files, declared)])).toEqual([]);
    expect(importFaults([pkg('datasets', files)])).toEqual([
      'packages/datasets/src/a.ts:1: csv-parse/browser/esm/sync is missing from the dependencies of packages/datasets/package.json',
    ]);
    expect(importFaults([pkg('expr', files, declared)])).toEqual([
      'packages/expr/package.json: depends on csv-parse, which the table of rooms does not allow',
      'packages/expr/src/a.ts:1: csv-parse/browser/esm/sync: a library here depends on nothing outside the workspace',
    ]);
  });

  it('refuses an undeclared import and a package.json that says more than its row', () => {
    expect(importFaults([pkg('tensor', { 'a.ts': `import '@unroll/expr';` })])).toEqual([
      'packages/tensor/src/a.ts:1: @unroll/expr is missing from the dependencies of packages/tensor/package.json',
    ]);
    const workspace = { '@unroll/layers': 'workspace:*' };
    expect(importFaults([pkg('tensor', {}, { dependencies: workspace, devDependencies: { '@unroll/testing': 'workspace:*' } })])).toEqual([
      'packages/tensor/package.json: depends on @unroll/layers, which its row in the table does not allow',
      'packages/tensor/package.json: @unroll/testing in devDependencies is not allowed',
    ]);
  });

  it('compares the published exports with those of the checkout', () => {
    const exports = { '.': { '@unroll/source': './src/index.ts', default: './dist/index.js' } };
    expect(importFaults([pkg('expr', {}, { exports, publishConfig: { exports: { '.': { default: './dist/index.js' } } } })])).toEqual([]);
    expect(importFaults([pkg('expr', {}, { exports, publishConfig: { exports } })])).toHaveLength(1);
  });
});

describe('import cycles', () => {
  it('finds a ring that only types close, and a file that imports itself', () => {
    const { sources } = pkg('expr', {
      'a.ts': `import './sub/b.ts';`,
      'sub/b.ts': `import type { C } from '../c.ts';`,
      'c.ts': `export type { A } from './a.ts';`,
      'd.ts': `import './a.ts'; import './e.ts';`,
      'e.ts': `import './e.ts';`,
    });
    expect(importCycles(sources)).toEqual([
      ['packages/expr/src/a.ts', 'packages/expr/src/c.ts', 'packages/expr/src/sub/b.ts'],
      ['packages/expr/src/e.ts'],
    ]);
  });

  it('is silent on a diamond', () => {
    const { sources } = pkg('expr', { 'a.ts': `import './b.ts'; import './c.ts';`, 'b.ts': `import './d.ts';`, 'c.ts': `import './d.ts';`, 'd.ts': '' });
    expect(importCycles(sources)).toEqual([]);
  });
});

describe('words and identities', () => {
  it('keeps names of cells out of backends, also out of comments and identifiers', () => {
    const files = { 'a.ts': '\n// for the LSTM', 'b.ts': 'export const fastGruKernel = 1;', 'c.ts': 'export const congruent = 1;', 'd.test.ts': '// lstm' };
    expect(wordFaults([pkg('wasm', files)])).toEqual(['packages/wasm/src/a.ts:2: wasm must not say "LSTM"', 'packages/wasm/src/b.ts:1: wasm must not say "Gru"']);
  });

  it.each([`if (cell.name === x) f();`, `f(this.cell.name !== x);`, `if (kind === 'lstm') f();`, `if ('GRU' == kind) f();`, `switch (cell.name) {}`, `switch (k) { case 'gru': f(); }`])(
    'finds the branch in %s',
    (text) => expect(identityFaults([pkg('layers', { 'a.ts': text })])).toHaveLength(1),
  );

  it.each([`f(cells[name]);`, `const rows = { lstm: 1, gru: 2 };`, `if (error.name === 'TypeError') f();`, `if (cell.states.length === 2) f();`])('lets %s through', (text) =>
    expect(identityFaults([pkg('layers', { 'a.ts': text })])).toEqual([]),
  );
});

describe('lines', () => {
  const source = parseSource('a.ts', `/** Doc.\n * more */\nexport function f(): number {\n  // why\n\n  return 1; // one\n}\n\nexport const g = (): number => 2;\n`);

  it('counts code and functions', () => {
    expect(codeLines(source)).toBe(4);
    expect(functionLengths(source)).toEqual([5]);
    expect(quantile([5, 1, 3], 0.5)).toBe(3);
    expect(quantile([], 0.95)).toBe(0);
  });

  it('wants a reason beside every suppression', () => {
    expect(bareSuppressions(parseSource('a.ts', '// oxlint-disable-next-line no-console\n// @ts-expect-error: q is no gate\n// @ts-expect-error\n// oxlint-disable-next-line no-console -- the command prints\n'))).toHaveLength(2);
  });
});
