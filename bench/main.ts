/** The measurements, run on the built packages: `pnpm bench [CASE...|all|cells|flat] [--systems a,b] [--rounds n] [--json]`, `pnpm bench webgpu …`; see README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allCases, defaultCases, parseCase, type Case } from './cases.ts';
import { measureCells, parseCells, type CellsCase, type CellsResult } from './cells.ts';
import { Child, choosePin, peakGflops } from './child.ts';
import { writeData } from './data.ts';
import { measureFlat, parseFlat, type FlatCase, type FlatResult } from './flat.ts';
import { installPeers } from './peers.ts';
import { measureCase, type CaseResult, type Plan } from './measure.ts';
import { markdown, type Report } from './report.ts';
import { findSystems, newEngine, peerSystems, systemNames, type System } from './systems.ts';
import { benchWebGpu } from './webgpu/main.ts';

interface Options {
  readonly cases: readonly Case[];
  readonly families: readonly CellsCase[];
  readonly flat: readonly FlatCase[];
  readonly systems: readonly string[];
  readonly engines: readonly string[];
  readonly rounds: number;
  readonly core: number | undefined;
  readonly limit: number;
  readonly json: boolean;
}

try {
  const [first, ...rest] = process.argv.slice(2);
  process.exitCode = first === 'webgpu' ? await benchWebGpu(rest) : await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function bench(args: readonly string[]): Promise<0 | 1> {
  const options = readOptions(args);
  const report = await measure(options);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${markdown(report)}`);
  return [...report.cases, ...report.families, ...report.flat].some(({ rows: [first] }) => first !== undefined && 'failure' in first) ? 1 : 0;
}

async function measure({ cases, families, flat, systems: names, engines, rounds, core, limit, json }: Options): Promise<Report> {
  const [loadBefore = 0] = loadavg();
  const pin = choosePin(core);
  // With --json, too, progress is for people: it goes to stderr.
  const log = (line: string): void => console.error(line);
  const problem = cases.length > 0 && names.some((name) => peerSystems.includes(name)) ? installPeers(log) : undefined;
  if (problem !== undefined) log(problem);
  const { systems, missing } = findSystems(cases.length > 0 ? names : [], cases.length > 0 ? engines : []);
  for (const { name, reason } of missing) console.error(`MISSING: ${name}: ${reason}`);
  if ('reason' in pin) console.error(`NOT PINNED to one core: ${pin.reason}`);
  const plan: Plan = { rounds, sampleMs: 80, warmMs: 1500, budgetMs: 15_000 };
  const [results, familyResults, flatResults]: [CaseResult[], CellsResult[], FlatResult[]] = [[], [], []];
  const start = (system: System): Child => new Child(system, pin, limit * 1000);
  for (const size of cases) results.push(await inFolder((folder) => measureSystems(size, systems, folder, start, plan, log)));
  for (const family of families) familyResults.push(await inFolder((folder) => measureCells(family, folder, () => start(systems[0] as System), plan, log)));
  for (const family of flat) flatResults.push(await inFolder((folder) => measureFlat(family, folder, () => start(systems[0] as System), plan, log)));
  if (!json) console.error('');
  return {
    machine: { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, platform: `${process.platform} ${process.arch}`, node: process.versions.node, loadBefore, peakGflops: cases.some(({ cell }) => cell === 'product') ? peakGflops(pin) : undefined },
    pinned: 'core' in pin ? `pinned to core ${pin.core}` : `NOT PINNED to one core: ${pin.reason}`,
    rounds, missing, warnings: systems.flatMap(({ warning }) => warning ?? []), cases: results, families: familyResults, flat: flatResults,
  };
}

async function measureSystems(size: Case, systems: readonly System[], folder: string, start: (system: System) => Child, plan: Plan, log: (line: string) => void): Promise<CaseResult> {
  const data = join(folder, 'data.bin');
  writeData(size, data);
  return await measureCase(size, data, systems.map((system) => ({ name: system.name, byClock: system.cores !== undefined, start: () => start(system) })), plan, log);
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'unroll-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: {
      cases: { type: 'string' }, systems: { type: 'string' }, engines: { type: 'string' },
      rounds: { type: 'string' }, core: { type: 'string' }, limit: { type: 'string' }, json: { type: 'boolean' },
    },
  });
  const systems = list(values.systems);
  const unknown = systems.find((name) => !systemNames.includes(name));
  if (unknown !== undefined) throw new Error(`bench: there is no system "${unknown}"; there are ${systemNames.join(', ')}.`);
  const names = [...positionals, ...list(values.cases)].flatMap((name) => (name === 'all' ? allCases : name));
  const isFamily = (name: string): boolean => parseCells(name) !== undefined || parseFlat(name) !== undefined;
  return {
    cases: (names.length > 0 ? names.filter((name) => !isFamily(name)) : defaultCases).map(parseCase),
    families: names.flatMap((name) => parseCells(name) ?? []),
    flat: names.flatMap((name) => parseFlat(name) ?? []),
    systems: systems.length > 0 ? systems : systemNames,
    // Where the Node at hand is older, the new one runs beside it, unless it is said what is to run.
    engines: values.engines === undefined && systems.length === 0 && Number.parseInt(process.versions.node, 10) < newEngine ? [String(newEngine)] : list(values.engines),
    rounds: whole('rounds', values.rounds) ?? 9,
    core: whole('core', values.core, 0),
    limit: whole('limit', values.limit) ?? 120,
    json: values.json === true,
  };
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
}

function whole(option: string, text: string | undefined, low = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < low) throw new Error(`bench: --${option} must be a whole number from ${low}, got "${text}".`);
  return value;
}
