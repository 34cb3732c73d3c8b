/**
 * The shipment, proved: every public package is packed and its tarball installed alone into an empty project, with the workspace
 * packages it depends on from their own tarballs. There plain Node must find in it what its sources export, and TypeScript its types.
 * Needs `dist`: `pnpm test` and `pnpm build` make it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Manifest, readManifests } from './house/tree.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = readManifests(root).filter(({ manifest }) => manifest.private !== true);
const libraries = packages.filter(({ isApp }) => !isApp);
const apps = packages.filter(({ isApp }) => isApp);
const work = mkdtempSync(join(tmpdir(), 'unroll-pack-'));

beforeAll(() => {
  const unbuilt = packages.filter(({ folder }) => !existsSync(join(root, folder, 'dist')));
  if (unbuilt.length > 0) throw new Error(`no dist in ${unbuilt.map(({ folder }) => folder).join(', ')}: run the script "build" first`);
  const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name]);
  pnpm(['--recursive', ...filters, 'pack', '--json', '--pack-destination', work]);
}, 120_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(packages)('$manifest.name', ({ manifest }) => {
  it('has no complaint from publint', async () => {
    const { messages, pkg } = await publint({ pack: { tarball: tarballData(manifest) }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });
});

describe.each(libraries)('$manifest.name', ({ room, folder: directory, manifest }) => {
  it('has no complaint from attw', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarballData(manifest))));
    const problems = result.types === false ? ['no types'] : result.problems.filter(concernsModules);
    expect(problems).toEqual([]);
  }, 60_000);

  it('installed alone, exports what its sources export, to Node and to TypeScript', async () => {
    const folder = install(room, manifest);
    const entries = entryPoints(manifest);
    for (const { specifier, source } of entries) {
      const module = (await import(join(root, directory, source))) as object;
      expect(exportsOf(folder, specifier)).toEqual(Object.keys(module).sort());
    }
    expect(typeErrors(folder, entries.map(({ specifier }) => specifier))).toBe('');
  }, 120_000);
});

describe.each(apps)('$manifest.name', ({ room, manifest }) => {
  it('installed alone, answers --help', () => {
    const folder = install(room, manifest);
    const help = run(join(folder, 'node_modules/.bin/unroll'), ['--help'], folder);
    expect(help).toContain('unroll');
    expect(help).toContain('train');
  }, 120_000);
});

/** An ESM-only package has nothing to say to `require` and to resolution as it was before `exports`. */
function concernsModules(problem: object): boolean {
  return !('resolutionKind' in problem && (problem.resolutionKind === 'node10' || problem.resolutionKind === 'node16-cjs'));
}

function tarball(name: string): string {
  return join(work, `${name.replace('@', '').replace('/', '-')}-${versionOf(name)}.tgz`);
}

function versionOf(name: string): string {
  return packages.find(({ manifest }) => manifest.name === name)?.manifest.version ?? '';
}

function tarballData({ name }: Manifest): ArrayBuffer {
  return new Uint8Array(readFileSync(tarball(name))).buffer;
}

/** An empty project with this one dependency; whatever it needs of the workspace comes from tarballs too, never from the checkout. */
function install(room: string, manifest: Manifest): string {
  const folder = join(work, `alone-${room}`);
  mkdirSync(folder);
  const others = packages.filter((pkg) => pkg.manifest.name !== manifest.name);
  const project = {
    private: true,
    type: 'module',
    dependencies: { [manifest.name]: `file:${tarball(manifest.name)}` },
    overrides: Object.fromEntries(others.map((pkg) => [pkg.manifest.name, `file:${tarball(pkg.manifest.name)}`])),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  // Even a package without dependencies of its own may need one through another.
  const external = packages.some((pkg) => Object.keys(pkg.manifest.dependencies ?? {}).some((name) => !name.startsWith('@unroll/')));
  const quick = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  run('npm', ['install', external ? '--prefer-offline' : '--offline', ...quick], folder);
  return folder;
}

/** What can be imported, `@unroll/tensor/backend` say, and the source file that it stands for. */
function entryPoints({ name, exports }: Manifest): { specifier: string; source: string }[] {
  return Object.entries(exports ?? {}).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [{ specifier: name + path.slice(1), source: target['@unroll/source'] ?? '' }],
  );
}

function exportsOf(folder: string, specifier: string): unknown {
  const code = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)})).sort()))`;
  return JSON.parse(run(process.execPath, ['--input-type=module', '--eval', code], folder));
}

/** What the compiler says of a project that imports each of these, declaration files checked and no types of Node around. */
function typeErrors(folder: string, names: readonly string[]): string {
  writeFileSync(join(folder, 'use.ts'), names.map((name, i) => `export * as use${i} from '${name}';\n`).join(''));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom', '--types', ''];
  try {
    return run(process.execPath, [tsc, ...options, 'use.ts'], folder);
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? error);
  }
}

/** The pnpm that runs this test where one does, the pinned one otherwise. */
function pnpm(args: readonly string[]): void {
  const running = process.env['npm_execpath'] ?? '';
  if (running.includes('pnpm')) run(process.execPath, [running, ...args], root);
  else run('npx', ['-y', 'pnpm@10', ...args], root);
}

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32', stdio: ['ignore', 'pipe', 'pipe'] });
}
