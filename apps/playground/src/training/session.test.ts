import { Rng } from '@unroll/datasets';
import { memory, use } from '@unroll/tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { taskInfos, taskNames, optionsOf } from '../config/tasks.ts';
import type { TaskName } from '../config/config.ts';
import type { Message, Progress, RunSpec } from './protocol.ts';
import { choose } from './sampling.ts';
import { Session } from './session.ts';

const base: RunSpec = {
  task: 'echo', options: { lag: 3 }, cell: 'lstm', backend: 'wasm', hidden: 8, fairness: 'width', rivals: [], keep: 0, batch: 8, seed: 7, lr: 0.01, clip: 1, truncate: 0,
};

/** A session with everything it says. */
async function opened(spec: Partial<RunSpec> = {}): Promise<{ session: Session; heard: Message[]; train: (limit: number) => Promise<number[]> }> {
  const heard: Message[] = [];
  let paused: (() => void) | undefined;
  const session = await Session.open({ ...base, ...spec }, (message) => {
    heard.push(message);
    if (message.kind === 'paused') paused?.();
  });
  const train = async (limit: number): Promise<number[]> => {
    const from = heard.length;
    await new Promise<void>((resolve) => {
      paused = resolve;
      session.grant(limit);
    });
    return heard.slice(from).flatMap((message) => (message.kind === 'progress' ? [...message.progress.losses] : []));
  };
  sessions.push(session);
  return { session, heard, train };
}

const sessions: Session[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  use(undefined);
});

describe('a session', () => {
  it('repeats to the bit, however it is cut into pieces', async () => {
    const whole = await (await opened()).train(60);
    const { session, train } = await opened();
    const pieces = [...(await train(1)), ...(await train(35))];
    await session.trace({ sequence: 0, reach: true });
    pieces.push(...(await train(60)));
    expect(whole).toHaveLength(60);
    expect(pieces).toEqual(whole);
    expect(await (await opened({ seed: 8 })).train(5)).not.toEqual(whole.slice(0, 5));
  });

  it('goes back, and takes the same way again, or another', async () => {
    const { session, train } = await opened();
    const first = await train(50);
    expect(session.snapshots).toEqual([0, 10, 20, 30, 40, 50]);
    expect(await session.rewind(29)).toBe(20);
    expect(session.snapshots).toEqual([0, 10, 20]);
    expect(await train(50)).toEqual(first.slice(20));
    expect(await session.rewind(0)).toBe(0);
    expect(await train(10)).toEqual(first.slice(0, 10));
    await session.rewind(0);
    await session.learn({ lr: 0.1, clip: 1, truncate: 0 });
    const other = await train(10);
    expect(other[0]).toBe(first[0]);
    expect(other[5]).not.toBe(first[5]);
  });

  it('judges on sequences that it does not learn from', async () => {
    const { heard, train } = await opened({ options: { lag: 1 } });
    await train(150);
    const progress = heard.flatMap((message): Progress[] => (message.kind === 'progress' ? [message.progress] : []));
    const scores = progress.flatMap(({ scores }) => [...scores]).filter((score) => !Number.isNaN(score));
    expect(scores).toHaveLength(15);
    expect(scores[0]).toBeLessThan(0.9);
    expect(scores.at(-1)).toBeGreaterThan(0.95);
  });

  it('tells once that there is nothing more to wait for: all is learnt, or nothing is any more', async () => {
    const settled = (heard: readonly Message[]): string[] => heard.flatMap((message) => (message.kind === 'settled' ? [message.why] : []));
    const able = await opened({ task: 'parity', options: { length: 2 }, hidden: 8, batch: 16, lr: 0.05 });
    await able.train(400);
    expect(settled(able.heard)).toEqual(['target']);
    const stuck = await opened({ options: { lag: 30 }, cell: 'rnn', hidden: 1, batch: 1, lr: 1e-9 });
    await stuck.train(1000);
    expect(settled(stuck.heard)).toEqual([]);
    await stuck.train(1020);
    expect(settled(stuck.heard)).toEqual(['patience']);
    await stuck.session.learn({ lr: 1e-9, clip: 1, truncate: 0 });
    await stuck.train(1040);
    expect(settled(stuck.heard)).toEqual(['patience']);
  });

  it('says that it diverged, stops, and can go back', async () => {
    const { session, heard, train } = await opened({ task: 'sine', options: optionsOf('sine', {}), cell: 'rnn-relu', lr: 1e6, clip: 1e9 });
    const losses = await train(200);
    expect(losses.length).toBeLessThan(200);
    expect(heard.find((message) => message.kind === 'notice')?.notice).toMatchObject({ code: 'diverged', values: { step: losses.length + 1 } });
    await session.rewind(0);
    await session.learn({ lr: 0.001, clip: 1, truncate: 0 });
    expect(await train(20)).toHaveLength(20);
  });

  it('gives its weights away and takes others, all or none', async () => {
    const [teacher, pupil] = [await opened(), await opened({ seed: 99 })];
    const fresh = await teacher.session.weights();
    expect(await teacher.train(30)).toHaveLength(30);
    const weights = await teacher.session.weights();
    expect(weights).not.toEqual(fresh);
    expect(weights.map(({ name }) => name)).toEqual(['rnn.weight_ih_l0', 'rnn.weight_hh_l0', 'rnn.bias_ih_l0', 'rnn.bias_hh_l0', 'head.weight', 'head.bias']);
    await pupil.session.load(weights);
    expect(await pupil.session.weights()).toEqual(weights);
    await expect(pupil.session.load(weights.slice(1))).rejects.toThrow(/weight_ih_l0/u);
    await expect(pupil.session.load(new Float32Array(3))).rejects.toThrow(/3 numbers/u);
    expect(await pupil.session.weights()).toEqual(weights);
    await pupil.session.load(Float32Array.from(weights.flatMap(({ data }) => [...data])));
    expect(await pupil.session.weights()).toEqual(weights);
    expect(await pupil.train(5)).toHaveLength(5);
  });

  it('frees what it made', async () => {
    const before = memory().tensors;
    const { session, train } = await opened();
    await train(5);
    const during = memory().tensors;
    await train(40);
    await session.trace({ sequence: 3, reach: true });
    await session.rewind(20);
    await train(45);
    expect(memory().tensors).toBe(during);
    await session.close();
    expect(memory().tensors).toBe(before);
  });

  it('matches parameters', async () => {
    const rivals = [{ cell: 'rnn' }, { cell: 'lstm' }, { cell: 'gru' }] as const;
    const counts: number[] = [];
    for (const { cell } of rivals) counts.push((await opened({ cell, rivals, fairness: 'parameters', hidden: 24 })).session.opened.parameters);
    const most = Math.max(...counts);
    for (const count of counts) expect(Math.abs(count - most) / most).toBeLessThan(0.05);
    expect((await opened({ cell: 'lstm', rivals, fairness: 'parameters', hidden: 24 })).session.opened.hidden).toBe(24);
  });

  it('trains a cell from text, and points at what it cannot read', async () => {
    const equations = 'f = sigmoid(W_f x + R_f h + b_f)\nh = f * h + (1 - f) * tanh(W_n x + b_n)';
    const { session, train } = await opened({ cell: 'custom', equations });
    expect(session.opened).toMatchObject({ values: ['f', 'h'], states: ['h'] });
    expect(await train(3)).toHaveLength(3);
    await expect(opened({ cell: 'custom', equations: 'h = tanh(W x + R g)' })).rejects.toMatchObject({ name: 'EquationError', line: 1 });
  });

  it('cuts the way of the gradient, but not the memory', async () => {
    const [whole, cut] = [await opened({ truncate: 0 }), await opened({ truncate: 2 })];
    const [a, b] = [await whole.train(3), await cut.train(3)];
    expect(b[0]).toBeCloseTo(a[0] as number, 6);
    expect(b[2]).not.toBe(a[2]);
  });
});

describe('every task', () => {
  const text = Array.from({ length: 400 }, (_, k) => `${k % 7} little ${k % 3 === 0 ? 'ducks' : 'geese'}\n`).join('');
  const csv = ['month;a;b', ...Array.from({ length: 300 }, (_, k) => `2001-01-${String((k % 28) + 1).padStart(2, '0')}x;${Math.sin(k / 4) * 10};${k}`)].join('\n');
  const data: Partial<Record<TaskName, string>> = { text, csv };

  it.each(taskNames)('%s: learns, is traced and says what it is about', async (task) => {
    const own = data[task];
    const { session, train } = await opened({ task, options: optionsOf(task, {}), ...taskInfos[task].start, hidden: 12, batch: 16, ...(own === undefined ? {} : { data: { name: `my.${task}`, text: own } }) });
    const losses = await train(40);
    const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 5)) * 1.02);
    const trace = await session.trace({ sequence: 1, reach: true });
    expect(Object.keys(trace.values)).toEqual(session.opened.values);
    expect(trace.values['h']).toHaveLength(trace.length * trace.hidden);
    expect(trace.outputs).toHaveLength(trace.length * trace.outputSize);
    expect(trace.reach?.['h']?.some((norm) => norm > 0)).toBe(true);
    if (session.opened.data.targets === 'classification') {
      const sums = Array.from({ length: trace.length }, (_, t) => trace.outputs.slice(t * trace.outputSize, (t + 1) * trace.outputSize).reduce((sum, p) => sum + p, 0));
      for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
    }
  });

  it('text: writes what it has read, the likeliest at temperature 0', async () => {
    const { session, train } = await opened({ task: 'text', options: { length: 20 }, hidden: 24, batch: 16, lr: 0.02, data: { name: 'ducks.txt', text } });
    await train(150);
    const request = { prompt: '1 li€', length: 30, temperature: 0, seed: 1, value: 'f' };
    const sample = await session.sample(request);
    expect(sample.prompted).toBe(4);
    expect(sample.characters.slice(4).join('')).toContain('ttle ');
    expect(sample.values).toHaveLength(34 * 24);
    expect(await session.sample(request)).toEqual(sample);
  });

  it('series: forecasts in units of the series, with an interval around it', async () => {
    const { session, train } = await opened({ task: 'airline', options: { length: 24 }, ...taskInfos.airline.start });
    await train(200);
    const forecast = await session.forecast({ column: 0, seed: 1 });
    expect(forecast.actual).toHaveLength(24);
    expect([...forecast.naive.slice(0, 12)]).toEqual([...forecast.past.slice(-12)]);
    expect(forecast.middle.every((value, t) => value > 100 && value < 1500 && (forecast.low[t] as number) < (forecast.high[t] as number))).toBe(true);
    expect(await session.forecast({ column: 0, seed: 1 })).toEqual(forecast);
    const { session: echo } = await opened();
    expect(() => echo.forecast({ column: 0, seed: 1 })).toThrow(/no series/u);
  });

  it('series: any cell is better than last year again, and the interval holds about as much as it says', async () => {
    const found: { error: number; naive: number; held: number }[] = [];
    for (const cell of ['rnn', 'lstm', 'gru'] as const) {
      for (const seed of [1, 2, 3]) {
        const { session, train } = await opened({ task: 'airline', cell, seed, options: { length: 24 }, ...taskInfos.airline.start });
        await train(200);
        const { actual, low, high, error, naiveError: naive } = await session.forecast({ column: 0, seed: 1 });
        found.push({ error, naive, held: actual.filter((value, t) => value >= (low[t] as number) && value <= (high[t] as number)).length / actual.length });
      }
    }
    for (const { error, naive } of found) expect(error).toBeLessThan(naive);
    const mean = (of: (one: (typeof found)[number]) => number): number => found.reduce((sum, one) => sum + of(one), 0) / found.length;
    expect(mean(({ error }) => error)).toBeLessThan(40);
    expect(Math.abs(mean(({ held }) => held) - 0.8)).toBeLessThan(0.12);
  });

  it.each([
    ['a header', 'a,b', ','], ['no header', '', ','], ['semicolons, and a mark of the byte order', '\uFEFFa;b', ';'], ['tabs', 'a\tb', '\t'], ['quotes', '"a","b"', ','],
  ])('csv: reads a table with %s', async (_, header, mark) => {
    const rows = Array.from({ length: 200 }, (_, k) => `${Math.sin(k / 4)}${mark}${k}`);
    const { session, train } = await opened({ task: 'csv', options: { length: 8 }, data: { name: 'my.csv', text: [...(header === '' ? [] : [header]), ...rows].join('\r\n') } });
    expect(session.opened.data.columns).toEqual(header === '' ? ['column 1', 'column 2'] : ['a', 'b']);
    expect(await train(3)).toHaveLength(3);
  });

  it('csv: names the row that is wrong', async () => {
    await expect(opened({ task: 'csv', options: { length: 4 }, data: { name: 'bad.csv', text: 'a,b\n1,2\n3\n' } })).rejects.toThrow(/bad\.csv:3/u);
    await expect(opened({ task: 'csv', options: { length: 4 } })).rejects.toThrow(/no table/u);
  });
});

describe('choose', () => {
  it('takes the likeliest at temperature 0, and anything when hot', () => {
    const scores = [0, 3, 1];
    expect(choose(scores, 0, new Rng(1))).toBe(1);
    const rng = new Rng(1);
    const drawn = new Set(Array.from({ length: 200 }, () => choose(scores, 5, rng)));
    expect(drawn).toEqual(new Set([0, 1, 2]));
  });
});
