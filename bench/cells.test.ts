import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellFromText, cells } from '@unroll/cells';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gates, parseCase } from './cases.ts';
import { cellsMarkdown, measureCells, parseCells, type CellRow, type CellsCase } from './cells.ts';
import { Child } from './child.ts';
import type { Plan, Runner } from './measure.ts';
import type { Request } from './protocol.ts';
import { findSystems, type System } from './systems.ts';

const plan: Plan = { rounds: 3, sampleMs: 80, warmMs: 0, budgetMs: 10_000 };

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'unroll-bench-test-')); });
afterEach(() => rmSync(folder, { recursive: true }));

describe('parseCells', () => {
  it('gives the family the same sizes', () => {
    expect(parseCells('cells')?.cases.map(({ name }) => name)).toEqual(['lstm-32x64x64x256', 'gru-32x64x64x256', 'gru-original-32x64x64x256', 'own-32x64x64x256']);
    expect(parseCells('cells')?.name).toBe('cells-32x64x64x256');
    expect(parseCells('cells-1x2x3x4x2-infer')).toMatchObject({ name: 'cells-1x2x3x4x2-infer', cases: [{ cell: 'lstm', mode: 'infer', batch: 1, layers: 2 }, {}, {}, {}] });
  });

  it('leaves other names alone, and refuses sizes that are none', () => {
    expect([parseCells('lstm-1x2x3x4'), parseCells('cell')]).toEqual([undefined, undefined]);
    expect(() => parseCells('cells-1x2')).toThrow('there is no case "lstm-1x2"');
  });
});

describe('measureCells', () => {
  // Two of them: of 4 gates and of 3.
  const pair: CellsCase = { name: 'cells-1x1x1x1', cases: [parseCase('lstm-1x1x1x1'), parseCase('own-1x1x1x1')] };
  const costs: Readonly<Record<string, number>> = { lstm: 40, own: 36 };

  function scripted(asked: Request[], failing?: string): () => Runner {
    return () => {
      let cell = '';
      return {
        request: async (request) => {
          asked.push(request);
          if (request.op === 'prepare') cell = request.case.cell;
          if (cell === failing) throw new Error('out of memory');
          const cpuMs = (costs[cell] ?? 0) * (request.op === 'run' ? request.count : 1);
          return { cpuMs, wallMs: 2 * cpuMs, about: cell, loss: cell === 'own' ? 1 : 2 };
        },
        stop: () => undefined,
      };
    };
  }

  it('compares the time of a gate, whatever the losses', async () => {
    const asked: Request[] = [];
    const { rows } = await measureCells(pair, folder, scripted(asked), plan, () => undefined);
    expect(rows).toMatchObject([
      { cell: 'lstm', gates: 4, time: { median: 40 }, perGate: { median: 10 }, overFirst: { median: 1, count: 3 }, crowding: 2 },
      { cell: 'own', gates: 3, time: { median: 36 }, perGate: { median: 12 }, overFirst: { median: 1.2, count: 3 } },
    ]);
    expect(cellsMarkdown({ name: 'cells', rows })).toContain('| own | 3 | 36 ms | 12 ms | **1.20x** ±0.00 |');
  });

  it('gives each cell its own case and data', async () => {
    const asked: Request[] = [];
    await measureCells(pair, folder, scripted(asked), plan, () => undefined);
    const prepared = asked.flatMap((request) => (request.op === 'prepare' ? [[request.case.name, request.data]] : []));
    expect(prepared).toEqual([['lstm-1x1x1x1', join(folder, 'lstm-1x1x1x1.bin')], ['own-1x1x1x1', join(folder, 'own-1x1x1x1.bin')]]);
  });

  it('says which one failed', async () => {
    const { rows } = await measureCells(pair, folder, scripted([], 'own'), plan, () => undefined);
    expect(rows[1]).toEqual({ system: 'own', failure: 'out of memory' });
    expect(cellsMarkdown({ name: 'cells', rows })).toContain('| own |  | CANNOT: out of memory |');
    expect(await measureCells(pair, folder, scripted([], 'lstm'), plan, () => undefined)).toMatchObject({ rows: [{ system: 'lstm' }, { cell: 'own', overFirst: { median: Number.NaN } }] });
  });

  it('measures the cells themselves', async () => {
    const losses: number[] = [];
    const { systems: [ours] } = findSystems([], []);
    const start = (): Runner => {
      const child = new Child({ ...(ours as System), env: { NODE_OPTIONS: '--conditions=@unroll/source' } }, { reason: 'not in tests' }, 60_000);
      const request = async (asked: Request): ReturnType<Runner['request']> => {
        const reply = await child.request(asked);
        if (asked.op === 'run') losses.push(reply.loss ?? Number.NaN);
        return reply;
      };
      return { request, stop: () => child.stop() };
    };
    const small = parseCells('cells-3x5x4x6') as CellsCase;
    const { rows } = await measureCells({ ...small, cases: small.cases.filter(({ cell }) => cell === 'lstm' || cell === 'own') }, folder, start, { ...plan, sampleMs: 1 }, () => undefined);
    expect(rows.map((row) => (row as CellRow).cell)).toEqual(['lstm', 'own']);
    expect((rows[1] as CellRow).overFirst.median).toBeGreaterThan(0);
    expect(losses.every((loss) => loss > 0)).toBe(true);
  });
});

it('has a cell of its own that no registry has, with two states and as many gates as the table says', () => {
  const cell = cellFromText(readFileSync(new URL('own-cell.txt', import.meta.url), 'utf8'));
  expect(Object.keys(cells)).not.toContain(cell.name);
  expect(cell.state).toHaveLength(2);
  expect([cell.inputGates.length, cell.recurrentGates.length]).toEqual([gates.own, gates.own]);
});
