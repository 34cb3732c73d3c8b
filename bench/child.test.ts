import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCase } from './cases.ts';
import { Child, choosePin } from './child.ts';
import { writeData } from './data.ts';
import type { Reply } from './protocol.ts';
import { findSystems, type System } from './systems.ts';

const unpinned = { reason: 'not in tests' };
const run = { op: 'run', count: 1 } as const;
const running: Child[] = [];
afterEach(() => running.splice(0).forEach((child) => child.stop()));

function start(system: System, limitMs = 60_000): Child {
  const child = new Child(system, unpinned, limitMs);
  running.push(child);
  return child;
}

function script(code: string, limitMs?: number): Child {
  return start({ name: 'script', command: [process.execPath, '-e', code] }, limitMs);
}

describe('Child', () => {
  it('answers one request after the other', async () => {
    const child = script('process.stdin.on("data", (line) => console.log(JSON.stringify({ cpuMs: JSON.parse(line).count, wallMs: 1 })))');
    expect([await child.request(run), await child.request({ op: 'run', count: 7 })]).toEqual([{ cpuMs: 1, wallMs: 1 }, { cpuMs: 7, wallMs: 1 }]);
  });

  it('tells why a process ended', async () => {
    await expect(script('console.error("RangeError: too big"); process.exit(3)').request(run)).rejects.toThrow('ended with code 3: RangeError: too big');
    await expect(script('process.abort()').request(run)).rejects.toThrow('ended with SIGABRT');
  });

  it('tells of an ended process however late it is asked', async () => {
    const child = script('process.stdin.once("data", () => { console.log(JSON.stringify({ cpuMs: 1, wallMs: 1 })); process.exit(4); })');
    await child.request(run);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    await expect(child.request(run)).rejects.toThrow('ended with code 4');
  });

  it('passes on what a system cannot', async () => {
    await expect(script('console.log(JSON.stringify({ error: "no such cell" }))').request(run)).rejects.toThrow('no such cell');
  });

  it('waits no longer than allowed', async () => {
    await expect(script('setInterval(() => {}, 1000)', 200).request(run)).rejects.toThrow('took longer than 0.2 s');
  });

  it('tells that there is no such program', async () => {
    await expect(start({ name: 'none', command: ['/no/such/program'] }).request(run)).rejects.toThrow('ENOENT');
  });
});

it('chooses a core, or says why not', () => {
  const pin = choosePin();
  expect('core' in pin ? Number.isInteger(pin.core) : pin.reason).toBeTruthy();
  expect(choosePin(100_000)).toHaveProperty('reason');
});

describe('systems', () => {
  // Ours and TensorFlow.js were written by different people: where losses before and after updates agree, gradients and updates do.
  it.each(['lstm-3x5x4x6x2', 'gru-original-3x5x4x6', 'rnn-3x5x4x6', 'lstm-3x5x4x6-infer', 'lstm-3x2x4x6x2-stream'])('do the same work: %s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'unroll-bench-test-'));
    const size = parseCase(name);
    writeData(size, join(folder, 'data'));
    const losses = async (system: System): Promise<Reply['loss'][]> => {
      const child = start({ ...system, env: { NODE_OPTIONS: '--conditions=@unroll/source' } });
      await child.request({ op: 'prepare', case: size, data: join(folder, 'data') });
      return [(await child.request(run)).loss, (await child.request({ op: 'run', count: 30 })).loss];
    };
    const { systems } = findSystems(['tfjs-cpu'], []);
    const [ours = [], theirs = []] = await Promise.all(systems.map(losses));
    rmSync(folder, { recursive: true });
    expect(systems).toHaveLength(2);
    expect(ours[0]).toBeGreaterThan(0);
    if (size.mode === 'train') expect(ours[1]).toBeLessThan(0.99 * (ours[0] ?? 0));
    ours.forEach((loss, k) => expect(theirs[k]).toBeCloseTo(loss ?? Number.NaN, 4));
  });
});
