import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { UserConfig } from 'tsdown';

/** What this file reads of the package.json beside which it is run. */
type Manifest = {
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
};

/**
 * One configuration for every public package, run inside its folder. The entries are what the package.json promises: the
 * `@unroll/source` side of each export, each command, and each `worker.ts`, which nothing imports because it is started by URL.
 */
function entries(folder: string): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const exported = Object.values(manifest.exports ?? {}).flatMap((target) =>
    typeof target === 'string' ? [] : [target['@unroll/source'] ?? ''],
  );
  const commands = Object.values(manifest.bin ?? {}).map((file) => file.replace('./dist/', './src/').replace(/\.js$/, '.ts'));
  const workers = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|[\\/])worker\.ts$/.test(file))
    .map((file) => `./src/${file.replaceAll('\\', '/')}`);
  const files = [...exported, ...commands, ...workers].filter((file) => existsSync(join(folder, file)));
  return Object.fromEntries(files.map((file) => [file.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), file]));
}

const folder = process.cwd();
const isApp = existsSync(join(folder, 'src/main.ts'));

const config: UserConfig = {
  cwd: folder,
  entry: entries(folder),
  format: 'esm',
  platform: isApp ? 'node' : 'neutral',
  // Node 20 does not parse `using`; the target lowers it.
  target: 'es2022',
  // A library is one file: a third of a start with five packages was finding and opening two hundred. In an app, one file for each of the
  // source, so that URLs of workers and schemas stay as they are there. Names stay, for stack traces.
  unbundle: isApp,
  fixedExtension: false,
  dts: isApp ? false : { oxc: true, tsconfig: false },
  logLevel: 'warn',
  clean: true,
};

export default config;
