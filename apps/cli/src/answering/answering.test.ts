import { memory } from '@unroll/tensor';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classify, forecast, tag, textRunConfig, translate } from '@unroll/recipes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recipes } from '../options/recipes.ts';
import { run } from '../run.ts';
import { captureIo, type CapturedIo } from '../testing.ts';

let folder = '';
const before = process.cwd();

const greek = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa', 'lambda', 'sigma'];
const colours = ['red', 'blue', 'green', 'yellow', 'brown', 'grey', 'pink', 'white', 'black', 'violet', 'orange', 'teal'];
const wave = (row: number): number => Math.round(1000 * Math.sin(row / 4)) / 1000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unroll-answering-'));
  process.chdir(folder);
  await mkdir('names');
  await writeFile('names/Greek.txt', greek.join('\n'));
  await writeFile('names/Colour.txt', colours.join('\n'));
  await writeFile('steps.csv', ['id,x,y,phase', ...Array.from({ length: 60 }, (_, row) => `${Math.floor(row / 6)},${wave(row)},${row % 6},${row % 6 < 3 ? 'up' : 'down'}`)].join('\n'));
  await writeFile('series.csv', ['date,a,b', ...Array.from({ length: 120 }, (_, row) => `${new Date(Date.UTC(2020, 0, 1, row)).toISOString()},${wave(row)},${row % 7}`)].join('\n'));
  await writeFile('pairs.tsv', Array.from({ length: 40 }, (_, k) => `${k}+1\t${k + 1}`).join('\n'));
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

async function unroll(args: readonly string[], stdin = ''): Promise<CapturedIo & { readonly code: number }> {
  const io = captureIo({ stdin });
  return Object.assign(io, { code: await run(args, io) });
}

const small = ['--hidden', '6', '--batch', '8', '--steps', '8', '--evaluate-every', '4'];
const trainings: Readonly<Record<string, readonly string[]>> = {
  classify: ['classify', 'names', '--bidirectional', '--dropout', '0.2'],
  tag: ['tag', 'steps.csv', '--by', 'id', '--label', 'phase', '--read', 'x,y'],
  forecast: ['forecast', 'series.csv', '--window', '8', '--horizon', '4', '--targets', 'a'],
  translate: ['translate', 'pairs.tsv', '--attention', 'dot', '--no-bidirectional'],
};

const trained = async (name: string, ...more: string[]): Promise<CapturedIo> => {
  const io = await unroll(['train', ...(trainings[name] ?? []), ...small, '--run', 'run', ...more]);
  expect({ code: io.code, err: io.err }).toEqual({ code: 0, err: expect.any(String) as string });
  return io;
};

describe('defaults', () => {
  it('are those of the library', () => {
    const library = { classify: classify.defaults, tag: tag.defaults, forecast: forecast.defaults, translate: translate.defaults, text: textRunConfig() };
    for (const [name, defaults] of Object.entries(library)) {
      for (const { key, default: value } of recipes[name as keyof typeof recipes].specs) {
        // The command evaluates on the way; lists are written with commas.
        if (value === undefined || key === 'cell' || (key === 'evaluateEvery' && name === 'text') || (key === 'holdout' && name === 'text')) continue;
        expect({ name, key, value }).toEqual({ name, key, value: (defaults as unknown as Readonly<Record<string, unknown>>)[key] });
      }
    }
  });
});

describe.each(Object.keys(trainings))('unroll train %s', (name) => {
  it('trains, measures, is measured again, and leaves nothing in memory', async () => {
    const live = memory();
    const { out, err } = await trained(name);
    expect(out).toMatch(/^(held out|tested), with the best weights: /);
    expect(err).toMatch(/^step 4: held out: .*the best so far$/m);
    const data = (trainings[name] ?? [])[1] ?? '';
    const measured = await unroll(['eval', 'run', data]);
    expect({ code: measured.code, out: measured.out }).toEqual({ code: 0, out: expect.stringMatching(new RegExp(`^${data.replace('.', '\\.')}: `)) as string });
    const { loss } = JSON.parse((await unroll(['eval', 'run', data, '--json'])).out) as { readonly loss: number };
    expect(loss).toBeGreaterThan(0);
    expect((await unroll(['inspect', 'run'])).out).toContain(`run/best.safetensors: ${name} model, lstm, 1 x 6`);
    expect(memory()).toEqual(live);
  });

  it('goes on to the same bytes', async () => {
    await trained(name, '--steps', '16', '--run', 'whole');
    await trained(name);
    expect((await unroll(['train', '--resume', 'run', '--steps', '16'])).code).toBe(0);
    expect((await readFile('run/last.safetensors')).equals(await readFile('whole/last.safetensors'))).toBe(true);
    expect((await readFile('run/best.safetensors')).equals(await readFile('whole/best.safetensors'))).toBe(true);
  });
});

describe('unroll predict', () => {
  it('labels lines, from a file, stdin or the command line', async () => {
    await trained('classify', '--steps', '60');
    const { code, out, err } = await unroll(['predict', 'run'], 'omega\npurple\n');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^omega\t(Greek|Colour) \d\.\d{4}\npurple\t(Greek|Colour) \d\.\d{4}\n$/);
    expect((await unroll(['predict', 'run', '--text', 'alpha', 'red', '--top', '2', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { input: 'alpha', label: 'Greek', probabilities: [{ label: 'Greek' }, { label: 'Colour' }] }, { input: 'red', label: 'Colour' },
    ]);
  });

  it('labels the steps of sequences in a table', async () => {
    await trained('tag', '--steps', '40');
    const { code, out } = await unroll(['predict', 'run', 'steps.csv']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(10);
    expect(out).toMatch(/^0\t(?:(?:up|down),){5}(?:up|down)\n/);
  });

  it('answers, greedily and with beams', async () => {
    await trained('translate');
    expect((await unroll(['predict', 'run', '--text', '3+1'])).out).toMatch(/^3\+1\t\d*\n$/);
    expect(JSON.parse((await unroll(['predict', 'run', '--text', '3+1', '--beams', '3', '--json'])).out)).toMatchObject({ input: '3+1', alternatives: expect.any(Array) as unknown });
  });

  it('says who else can do what it cannot', async () => {
    await trained('forecast');
    expect(await unroll(['predict', 'run', 'series.csv'])).toMatchObject({ code: 2, err: expect.stringContaining('use unroll forecast run SERIES.csv') as string });
    expect(await unroll(['sample', 'run'])).toMatchObject({ code: 4, err: expect.stringContaining('run/best.safetensors: ') as string });
  });
});

describe('unroll forecast', () => {
  it('tells the next rows with their times and intervals', async () => {
    await trained('forecast');
    const { code, out, err } = await unroll(['forecast', 'run', 'series.csv']);
    expect([code, err]).toEqual([0, '']);
    const [head, first, ...others] = out.trim().split('\n');
    expect(head).toBe('time,a,a from,a to');
    expect(first).toMatch(/^2020-01-06T00:00:00\.000Z(?:,-?\d[\d.e-]*){3}$/);
    expect(others).toHaveLength(3);
    const row = JSON.parse((await unroll(['forecast', 'run', 'series.csv', '--json', '--coverage', '0.5'])).out.split('\n')[0] ?? '') as Readonly<Record<string, number>>;
    expect(row['a from']).toBeLessThan(row['a'] as number);
    expect(row['a to']).toBeGreaterThan(row['a'] as number);
  });
});

describe('bad data', () => {
  it.each<[string, string, readonly string[], string]>([
    ['a row with too few cells', 'date,a\n2020-01-01,1\n2020-01-02\n', ['forecast', 'bad.csv'], 'bad.csv:3: the row has 1 cells where the first row has 2'],
    ['an empty cell', 'date,a\n2020-01-01,1\n2020-01-02,\n2020-01-03,2\n', ['forecast', 'bad.csv'], 'bad.csv:3'],
    ['time that goes back', 'date,a\n2020-01-02,1\n2020-01-01,2\n', ['forecast', 'bad.csv'], 'bad.csv: "date" does not go forward at data row 2'],
    ['a quote that is not closed', 'date,a\n2020-01-01,"1\n', ['forecast', 'bad.csv'], 'bad.csv:2: a quote that was opened is not closed'],
    ['too few rows', 'date,a\n2020-01-01,1\n2020-01-02,2\n', ['forecast', 'bad.csv'], ''],
    ['a pair without a tab', 'one\ttwo\nthree\n', ['translate', 'bad.csv'], 'bad.csv:2: a pair is an input, a tab and an answer'],
    ['one class', 'alpha\n', ['classify', 'bad.txt'], 'fewer'],
    ['nothing', '', ['translate', 'bad.csv'], 'bad.csv: the file is empty'],
  ])('%s is told with its place', async (_, content, args, message) => {
    const file = args[1] ?? '';
    await writeFile(file, content);
    const { code, out, err } = await unroll(['train', ...args, '--run', 'run']);
    expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 3, out: '', lines: 2 });
    expect(err).toContain(message === 'fewer' ? '1 files make 1 classes' : message);
  });

  it('needs its columns named', async () => {
    expect(await unroll(['train', 'tag', 'steps.csv'])).toMatchObject({ code: 2, err: expect.stringContaining('say which column is the label with --label; there are id, x, y, phase') as string });
    expect(await unroll(['train', 'tag', 'steps.csv', '--label', 'phase'])).toMatchObject({ code: 2, err: expect.stringContaining('say with --by') as string });
  });
});
