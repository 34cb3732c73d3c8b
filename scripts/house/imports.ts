import { mayImport, mayLoad, mayTestWithSuites, onlySubpath } from './rooms.ts';
import type { Package, Source } from './tree.ts';

/** Every import of the tree against the table of rooms and against the package.json it needs. */
export function importFaults(packages: readonly Package[]): string[] {
  return packages.flatMap((pkg) => [
    ...manifestFaults(pkg),
    ...pkg.sources.flatMap((source) =>
      source.imports.flatMap(({ specifier, line }) => {
        const fault = importFault(pkg, source, specifier);
        return fault === undefined ? [] : [`${source.path}:${line}: ${fault}`];
      }),
    ),
  ]);
}

function manifestFaults(pkg: Package): string[] {
  const { manifest } = pkg;
  const at = `${pkg.folder}/package.json`;
  const faults: string[] = [];
  if (!pkg.isApp && mayImport[pkg.room] === undefined) faults.push(`${at}: no row for "${pkg.room}" in scripts/house/rooms.ts`);
  for (const name of workspaceNames(manifest.dependencies))
    if (!roomsOf(pkg).includes(name)) faults.push(`${at}: depends on @unroll/${name}, which its row in the table does not allow`);
  for (const name of externalNames(manifest.dependencies))
    if (!pkg.isApp && pkg.room !== 'testing' && mayLoad[pkg.room]?.includes(name) !== true) faults.push(`${at}: depends on ${name}, which the table of rooms does not allow`);
  for (const name of workspaceNames(manifest.devDependencies))
    if (name !== 'testing' || !hasSuites(pkg)) faults.push(`${at}: @unroll/${name} in devDependencies is not allowed`);
  if (manifest.license !== 'MIT') faults.push(`${at}: license must be MIT`);
  if (manifest.sideEffects !== false) faults.push(`${at}: sideEffects must be false`);
  if (JSON.stringify(publishedExports(pkg)) !== JSON.stringify(manifest.publishConfig?.exports))
    faults.push(`${at}: publishConfig.exports must be exports without "@unroll/source"`);
  return faults;
}

/** What `publishConfig.exports` has to say: the exports of the checkout without the condition that only the checkout can honour. */
function publishedExports({ manifest, isApp }: Package): unknown {
  if (isApp || manifest.private === true) return undefined;
  const stripped = Object.entries(manifest.exports ?? {}).map(([path, target]) => {
    if (typeof target === 'string') return [path, target];
    return [path, Object.fromEntries(Object.entries(target).filter(([condition]) => condition !== '@unroll/source'))];
  });
  return Object.fromEntries(stripped);
}

function importFault(pkg: Package, source: Source, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relativeFault(pkg, source, specifier);
  if (specifier.startsWith('@unroll/')) return workspaceFault(pkg, source, specifier);
  return externalFault(pkg, source, specifier);
}

function relativeFault(pkg: Package, source: Source, specifier: string): string | undefined {
  const target = new URL(specifier, `file:///${source.path}`).pathname.slice(1);
  return target.startsWith(`${pkg.folder}/`) ? undefined : `"${specifier}" leaves the package; import it by its name`;
}

function workspaceFault(pkg: Package, source: Source, specifier: string): string | undefined {
  const name = specifier.split('/')[1] ?? '';
  if (name === 'testing') return source.isTest && hasSuites(pkg) ? undefined : `${specifier} is for tests of ${mayTestWithSuites.join(', ')} and apps`;
  const { dependencies } = pkg.manifest;
  if (!roomsOf(pkg).includes(name)) return `${pkg.room} must not import ${specifier}`;
  if (dependencies?.[`@unroll/${name}`] === undefined) return `${specifier} is missing from the dependencies of ${pkg.folder}/package.json`;
  const subpath = onlySubpath[pkg.room]?.[specifier];
  return subpath !== undefined && !source.isTest ? `${pkg.room} imports ${subpath}, not ${specifier}` : undefined;
}

function externalFault(pkg: Package, source: Source, specifier: string): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const isTool = source.isTest || pkg.room === 'testing';
  if (isTool && (specifier.startsWith('node:') || name === 'vitest' || name === 'fast-check')) return undefined;
  if (pkg.isApp && isTool && pkg.manifest.devDependencies?.[name] !== undefined) return undefined;
  // What an app's own build makes comes from nowhere else.
  if (pkg.isApp && specifier.startsWith('virtual:')) return undefined;
  if (pkg.isApp && (specifier.startsWith('node:') || pkg.manifest.dependencies?.[name] !== undefined)) return undefined;
  if (mayLoad[pkg.room]?.includes(name) !== true) return `${specifier}: a library here depends on nothing outside the workspace`;
  const { dependencies, peerDependencies, devDependencies } = pkg.manifest;
  const declared = { ...dependencies, ...peerDependencies, ...(isTool ? devDependencies : {}) }[name] !== undefined;
  return declared ? undefined : `${specifier} is missing from the dependencies of ${pkg.folder}/package.json`;
}

function roomsOf(pkg: Package): readonly string[] {
  return pkg.isApp ? Object.keys(mayImport).filter((room) => room !== 'testing') : (mayImport[pkg.room] ?? []);
}

function hasSuites(pkg: Package): boolean {
  return pkg.isApp || mayTestWithSuites.includes(pkg.room);
}

function externalNames(dependencies: Readonly<Record<string, string>> | undefined): string[] {
  return Object.keys(dependencies ?? {}).filter((name) => !name.startsWith('@unroll/'));
}

function workspaceNames(dependencies: Readonly<Record<string, string>> | undefined): string[] {
  return Object.keys(dependencies ?? {}).flatMap((name) => (name.startsWith('@unroll/') ? [name.slice('@unroll/'.length)] : []));
}
