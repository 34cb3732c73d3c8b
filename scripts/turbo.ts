/**
 * Runs tasks through turbo: `tsx scripts/turbo.ts TASK... [--quiet] [turbo's own flags]`.
 * Turbo's telemetry and its daemon are switched off here, because it takes that only from the environment or the command line.
 * With --quiet nothing is printed unless a task fails, and then on stderr.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function turbo(tasks: readonly string[], quiet: boolean): number {
  const bin = join(dirname(createRequire(import.meta.url).resolve('turbo/package.json')), 'bin/turbo');
  const turboRun = [process.execPath, bin, 'run', '--output-logs=new-only', ...tasks];
  const [command = '', ...args] = hasPnpm() ? turboRun : ['npx', '-y', 'pnpm@10', 'exec', ...turboRun];
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    shell: command === 'npx' && process.platform === 'win32',
    stdio: quiet ? 'pipe' : 'inherit',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  });
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`);
  return result.status ?? 1;
}

/** Turbo starts each task through pnpm and needs it on the path, where it is only if pnpm itself brought us here. */
function hasPnpm(): boolean {
  return spawnSync('pnpm', ['--version'], { shell: process.platform === 'win32', stdio: 'ignore' }).status === 0;
}

const args = process.argv.slice(2);
process.exitCode = turbo(
  args.filter((arg) => arg !== '--quiet'),
  args.includes('--quiet'),
);
