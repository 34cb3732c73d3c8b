/** Enforces the import table, no cycles, and the words that rooms must not know. Exit code 1 with one line per fault. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importCycles } from './house/cycles.ts';
import { importFaults } from './house/imports.ts';
import { readTree } from './house/tree.ts';
import { identityFaults, wordFaults } from './house/words.ts';

const packages = readTree(dirname(dirname(fileURLToPath(import.meta.url))));
const sources = packages.flatMap((pkg) => pkg.sources);
const cycles = importCycles(sources).map((group) => `import cycle: ${group.join(' <-> ')}`);
const faults = [...importFaults(packages), ...cycles, ...wordFaults(packages), ...identityFaults(packages)];

for (const fault of faults) console.error(fault);
console.log(`dag: ${packages.length} packages, ${sources.length} files, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
