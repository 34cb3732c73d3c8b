import { describe, expect, it } from 'vitest';
import { parseCase } from './cases.ts';
import { measureCase, milliseconds, type CaseResult, type Entrant, type Failure, type Plan, type Row } from './measure.ts';
import type { Reply, Request } from './protocol.ts';

const size = parseCase('lstm-1x1x1x1');
const plan: Plan = { rounds: 4, sampleMs: 80, warmMs: 100, budgetMs: 10_000 };

interface Script {
  readonly name: string;
  /** Milliseconds of a repetition. */
  readonly costs: number;
  readonly losses?: readonly number[];
  readonly failsAt?: number;
}

/** A system that says how long it took. What it was asked is noted in `asked`. */
function entrant({ name, costs, losses = [0.5, 0.4], failsAt = Infinity }: Script, asked: string[]): Entrant {
  let requests = 0;
  const answer = (request: Request): Reply => {
    if (request.op === 'prepare') return { cpuMs: 3, wallMs: 3, about: `${name} 1.0` };
    return { cpuMs: costs * request.count, wallMs: 2 * costs * request.count, loss: losses[requests - 2] ?? 0 };
  };
  return {
    name,
    start: () => ({
      request: async (request) => {
        requests += 1;
        asked.push(request.op === 'prepare' ? `${name} prepare` : `${name} ${request.count}`);
        if (requests === failsAt) throw new Error('out of memory');
        return answer(request);
      },
      stop: () => asked.push(`${name} stop`),
    }),
  };
}

async function race(scripts: readonly Script[], asked: string[] = []): Promise<CaseResult> {
  return await measureCase(size, 'data', scripts.map((script) => entrant(script, asked)), plan, () => undefined);
}

describe('measureCase', () => {
  it('warms up each system, then lets them take turns', async () => {
    const asked: string[] = [];
    await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 20 }], asked);
    expect(asked).toEqual([
      'a prepare', 'a 1', 'a 2', 'a 1', 'a 1', 'a 1',
      'b prepare', 'b 1', 'b 2', 'b 1', 'b 1', 'b 1', 'b 1', 'b 1',
      'a 2', 'b 4', 'b 4', 'a 2', 'a 2', 'b 4', 'b 4', 'a 2', 'a stop', 'b stop',
    ]);
  });

  it('gives times of one repetition and ratios both ways', async () => {
    const { rows: [ours, theirs] } = await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 20 }]);
    expect(ours).toMatchObject({ system: 'a', about: 'a 1.0', prepareMs: 3, firstMs: 40, losses: [0.5, 0.4], samples: [40, 40, 40, 40], crowding: 2 });
    expect((ours as Row).theirsOverOurs).toBeUndefined();
    expect(theirs).toMatchObject({ time: { median: 20, count: 4 }, theirsOverOurs: { median: 0.5 }, oursOverTheirs: { median: 2 } });
  });

  it('compares by the clock what runs on several cores', async () => {
    const scripts = [{ name: 'a', costs: 40 }, { name: 'b', costs: 20 }];
    const { rows } = await measureCase(size, 'data', scripts.map((script, k) => ({ ...entrant(script, []), byClock: k === 1 })), plan, () => undefined);
    expect(rows[0]).toMatchObject({ time: { median: 40 } });
    expect(rows[1]).toMatchObject({ byClock: true, time: { median: 40 }, theirsOverOurs: { median: 0.5 } });
  });

  it.each([
    { losses: [0.5006, 0.4], where: 'first' },
    { losses: [0.5, 0.4005], where: 'third' },
    { losses: [Number.NaN, 0.4], where: 'first' },
  ])('does not compare other work: $losses', async ({ losses, where }) => {
    const { rows } = await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 20, losses }]);
    expect((rows[1] as Row).disagreement).toContain(`(${where} repetition)`);
    expect((rows[1] as Row).theirsOverOurs).toBeUndefined();
  });

  it('takes losses within a thousandth for the same work', async () => {
    const { rows } = await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 20, losses: [0.5004, 0.3997] }]);
    expect((rows[1] as Row).disagreement).toBeUndefined();
  });

  it.each([1, 3, 9])('goes on without a system that fails at request %i', async (failsAt) => {
    const asked: string[] = [];
    const { rows } = await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 20, failsAt }, { name: 'c', costs: 80 }], asked);
    expect(rows[1] as Failure).toEqual({ system: 'b', failure: 'out of memory' });
    expect((rows[2] as Row).theirsOverOurs?.median).toBe(2);
    expect(asked.filter((line) => line.startsWith('b '))).toHaveLength(failsAt + 2);
  });

  it('lets a slow system leave early, but not before the third round', async () => {
    const { rows } = await race([{ name: 'a', costs: 40 }, { name: 'b', costs: 9000 }]);
    expect((rows[1] as Row).samples).toEqual([9000, 9000, 9000]);
    expect((rows[1] as Row).theirsOverOurs?.median).toBe(225);
  });

  it('compares nothing where ours fails', async () => {
    const { rows } = await race([{ name: 'a', costs: 40, failsAt: 2 }, { name: 'b', costs: 20 }]);
    expect(rows[0]).toEqual({ system: 'a', failure: 'out of memory' });
    expect((rows[1] as Row).disagreement).toBeUndefined();
    expect((rows[1] as Row).theirsOverOurs).toBeUndefined();
  });
});

it('writes durations with three digits', () => {
  expect([2780.4, 89.44, 0.03149, 1].map(milliseconds)).toEqual(['2.78 s', '89.4 ms', '31.5 µs', '1 ms']);
});
