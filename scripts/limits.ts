/**
 * Prints the size of every package and enforces its budget of code lines. The limits on one file (400 lines) and one function
 * (70 lines), like those on `any` and `!`, are rules of oxlint; here a comment that switches such a rule off must give its reason.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareSuppressions, codeLines, functionLengths, quantile } from './house/lines.ts';
import { lineCaps } from './house/rooms.ts';
import { type Package, readTree } from './house/tree.ts';

type Row = { package: string; files: number; code: number; cap: number | string; tests: number; fn50: number; fn95: number; file95: number };

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function row(pkg: Package): Row {
  const sources = pkg.sources.filter((source) => !source.isTest);
  const lengths = sources.flatMap(functionLengths);
  return {
    package: pkg.room,
    files: sources.length,
    code: total(sources.map(codeLines)),
    cap: lineCaps[pkg.room] ?? '',
    tests: total(pkg.sources.filter((source) => source.isTest).map(codeLines)),
    fn50: quantile(lengths, 0.5),
    fn95: quantile(lengths, 0.95),
    file95: quantile(sources.map((source) => source.text.split('\n').length), 0.95),
  };
}

const packages = readTree(dirname(dirname(fileURLToPath(import.meta.url))));
const rows = packages.map(row);
console.table(rows);
const faults = [
  ...rows.filter(({ code, cap }) => typeof cap === 'number' && code > cap).map((r) => `${r.package}: ${r.code} code lines, the cap is ${r.cap}`),
  ...packages.flatMap((pkg) => pkg.sources.flatMap(bareSuppressions)),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
