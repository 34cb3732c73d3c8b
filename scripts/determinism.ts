/** The bits of deterministic mode on several engines: `pnpm determinism [VERSION...]`, versions of Node (default 20 22 24) and Chromium, if it is there. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium, findBrowser } from './browsers/find.ts';

const tests = 'packages/wasm/src/determinism';
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const asked = process.argv.slice(2);
const nodes = asked.length > 0 ? asked : ['20', '22', '24'];

const outcomes = [
  ...nodes.map((version) => [`Node ${version}`, run(['npx', '-y', `node@${version}`, vitest, 'run', '--project', 'node', tests])] as const),
  ...(findBrowser(chromium) === undefined ? [] : [['Chromium', run([process.execPath, vitest, 'run', '--project', 'chromium*', tests])] as const]),
];
for (const [engine, isSame] of outcomes) process.stdout.write(`${engine}: ${isSame ? 'the same bits' : 'OTHER BITS, or it did not run'}\n`);
if (!outcomes.every(([, isSame]) => isSame)) process.exitCode = 1;

function run([command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' }).status === 0;
}
