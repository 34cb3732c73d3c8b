#!/usr/bin/env node
// The command unroll of a checkout: builds what is missing or out of date, then hands over to the built command.
// Plain JavaScript, so that Node starts it without a compiler.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'apps/cli/dist/main.js');
const stamp = join(root, 'node_modules/.cache/unroll/built');

/** Newest change, in milliseconds, of a source file or package.json below the two workspace folders. */
function newestSource() {
  const folders = ['packages', 'apps'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(root, kind, name)));
  const files = folders.flatMap((folder) => {
    if (!existsSync(join(folder, 'src'))) return [];
    const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' });
    return [join(folder, 'package.json'), ...sources.filter((file) => !file.endsWith('.test.ts')).map((file) => join(folder, 'src', file))];
  });
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

function isBuilt() {
  return existsSync(main) && existsSync(stamp) && statSync(stamp).mtimeMs > newestSource();
}

function build() {
  const started = new Date();
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  const result = spawnSync(process.execPath, [tsx, join(root, 'scripts/turbo.ts'), 'build', '--quiet'], { stdio: ['ignore', 2, 2] });
  if (result.status !== 0) process.exit(result.status ?? 1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  // A file changed while the build ran counts as newer than the build.
  utimesSync(stamp, started, started);
}

// Where pnpm was called in a folder below the root (`pnpm -w unroll`), paths are meant from there.
if (process.cwd() === root && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
if (!isBuilt()) build();
process.argv[1] = main;
await import(pathToFileURL(main).href);
