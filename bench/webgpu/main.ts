/** Recurrences on a GPU, beside others on the same one: `pnpm bench webgpu [NxTxH...] [--systems a,b] [--rounds n] [--json]`; see ../README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseCase, type Case } from '../cases.ts';
import { Child } from '../child.ts';
import { writeData } from '../data.ts';
import { measureCase, type Plan, type Runner } from '../measure.ts';
import type { System } from '../systems.ts';
import { Meter } from './meter.ts';
import { gpuMarkdown, type GpuReport, type GpuResult } from './report.ts';
import { defaultGpuSystems, findGpuSystems, gpuSystemNames } from './systems.ts';

interface Options {
  readonly cases: readonly Case[];
  readonly systems: readonly string[];
  readonly rounds: number;
  readonly limit: number;
  readonly json: boolean;
}

/** Measures and prints. Gives the exit code: 1 where ours failed in a case. Throws an Error for arguments that are none. */
export async function benchWebGpu(args: readonly string[]): Promise<0 | 1> {
  const options = readOptions(args);
  const report = await measure(options);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${gpuMarkdown(report)}`);
  return report.cases.some(({ rows: [first] }) => first !== undefined && 'failure' in first) ? 1 : 0;
}

const defaultSizes = ['1x128x128', '32x64x256', '64x28x256'];
/** Behind these sizes a GPU that is none takes minutes. */
const cudaSizes = ['64x128x512', '64x128x1024'];

async function measure({ cases, systems: names, rounds, limit }: Options): Promise<GpuReport> {
  const [loadBefore = 0] = loadavg();
  const { systems, missing } = findGpuSystems(names);
  for (const { name, reason } of missing) console.error(`MISSING: ${name}: ${reason}`);
  const plan: Plan = { rounds, sampleMs: 80, warmMs: 500, budgetMs: 20_000 };
  const all = cases.length > 0 ? cases : casesOf([...defaultSizes, ...(systems.some(({ name }) => name === 'pytorch-cuda') ? cudaSizes : [])]);
  const results: GpuResult[] = [];
  for (const size of all) results.push(await measureOne(size, systems, plan, limit));
  return { machine: { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, platform: `${process.platform} ${process.arch}`, node: process.versions.node, loadBefore }, rounds, missing, cases: results };
}

async function measureOne(size: Case, systems: readonly System[], plan: Plan, limit: number): Promise<GpuResult> {
  const folder = mkdtempSync(join(tmpdir(), 'unroll-bench-'));
  const meters = new Map<string, Meter>();
  const start = (system: System): Runner => {
    const meter = new Meter(new Child(system, { reason: 'a GPU has threads of its own' }, limit * 1000));
    meters.set(system.name, meter);
    return meter;
  };
  try {
    const data = join(folder, 'data.bin');
    writeData(size, data);
    const result = await measureCase(size, data, systems.map((system) => ({ name: system.name, start: () => start(system) })), plan, (line) => console.error(line));
    return { ...result, meters: Object.fromEntries([...meters].map(([name, meter]) => [name, meter.reading()])) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A layer as wide as its input, for training and for inference. */
function casesOf(sizes: readonly string[]): Case[] {
  return sizes.flatMap((size) => {
    const [batch = 0, time = 0, hidden = 0] = (/^([1-9]\d*)x([1-9]\d*)x([1-9]\d*)$/.exec(size)?.slice(1) ?? []).map(Number);
    if (hidden === 0) throw new Error(`bench: there is no size "${size}"; write NxTxH (batch, time, hidden): 32x64x256, or a whole case: gru-32x64x64x256-infer.`);
    return ['train', 'infer'].map((mode) => parseCase(`lstm-${batch}x${time}x${hidden}x${hidden}-${mode}`));
  });
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: { systems: { type: 'string' }, rounds: { type: 'string' }, limit: { type: 'string' }, json: { type: 'boolean' } },
  });
  const systems = (values.systems ?? '').split(',').filter((name) => name !== '');
  const unknown = systems.find((name) => !gpuSystemNames.includes(name));
  if (unknown !== undefined) throw new Error(`bench: there is no system "${unknown}" for a GPU; there are ${gpuSystemNames.join(', ')}.`);
  return {
    cases: positionals.flatMap((name) => (/^\d/.test(name) ? casesOf([name]) : [parseCase(name)])),
    systems: systems.length > 0 ? systems : defaultGpuSystems,
    rounds: wholeNumber('rounds', values.rounds) ?? 7,
    limit: wholeNumber('limit', values.limit) ?? 300,
    json: values.json === true,
  };
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`bench: --${option} must be a whole number from 1, got "${text}".`);
  return value;
}
