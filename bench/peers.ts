import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Packages that lie apart from the workspace, because they are large and nobody else needs them. */
export type Peer = '@jax-js/jax' | 'brain.js' | 'onnxruntime-node' | 'onnxruntime-web';

const manifest = new URL('./peers/package.json', import.meta.url);

/** Why the packages are not there after an attempt to install them; undefined where they are. */
export function installPeers(log: (line: string) => void): string | undefined {
  if (missingPeers().length === 0) return undefined;
  log(`installing ${missingPeers().join(', ')} into bench/peers, once ...`);
  const folder = fileURLToPath(new URL('./peers/', import.meta.url));
  const { status, error, stderr } = spawnSync('npm', ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
  return status === 0 ? undefined : `npm could not install it: ${(error?.message ?? stderr).trim().split('\n')[0] ?? 'no message'}`;
}

/** Whether a package is installed. */
export function hasPeer(peer: Peer): boolean {
  return existsSync(new URL(`./peers/node_modules/${peer}/package.json`, import.meta.url));
}

/** Loads a package; its types are not known here, so the caller says what it takes from it. */
export async function importPeer<Module>(peer: Peer): Promise<Module> {
  return (await import(pathToFileURL(createRequire(manifest).resolve(peer)).href)) as Module;
}

/** The version that is installed. */
export function versionOfPeer(peer: Peer): string {
  return (JSON.parse(readFileSync(new URL(`./peers/node_modules/${peer}/package.json`, import.meta.url), 'utf8')) as { version: string }).version;
}

function missingPeers(): Peer[] {
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<Peer, string> };
  return (Object.keys(dependencies) as Peer[]).filter((peer) => !hasPeer(peer));
}
