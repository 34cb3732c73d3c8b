import { cellFromText, cells, latexOf, textOf } from '@unroll/cells';
import { readSafetensors, writeSafetensors } from '@unroll/interop';
import { memory } from '@unroll/tensor';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cellNames } from './cell-names.ts';
import { run } from './run.ts';
import { captureIo, storyFolder } from './testing.ts';


const { enter, leave } = storyFolder();
beforeEach(enter);
afterEach(leave);

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function unroll(...args: string[]): Promise<Result> {
  const io = captureIo();
  const code = await run(args, io);
  return { code, out: io.out, err: io.err };
}

const tiny = ['--hidden', '8', '--layers', '2', '--embedding', '4', '--batch', '4', '--length', '8', '--steps', '3'];
const trainTiny = (...more: string[]): Promise<Result> => unroll('train', 'story.txt', ...tiny, ...more);

/** A cell that is in no registry: two states, an odd activation, a vector that starts at 1, a product behind a product. */
const equations = `
state h, c
vector gain = 1
i = sigmoid(W_i x + R_i h + b_i)
g = softsign(W_g x + R_g (i * h) + b_g)
c = (1 - i) * c + i * g                # the new c, not the one before
h = hardsigmoid(gain * c) * softsign(c)
`;

describe('every cell of the registry', () => {
  it('can be named on the command line', () => {
    expect(cellNames).toEqual(Object.keys(cells));
  });

  it.each(Object.keys(cells))('%s trains, by its name and by its equations alike', async (name) => {
    const { code, out } = await trainTiny('--cell', name, '--out', 'named');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^held-out loss: \d\.\d+ nats/) as string });
    await writeFile('cell.txt', (await unroll('cells', name)).out);
    expect(await trainTiny('--cell-file', 'cell.txt', '--out', 'written')).toMatchObject({ code: 0, out });
    const written = await unroll('sample', 'written', '--seed', '1', '--length', '30');
    expect(written).toMatchObject({ code: 0, err: '' });
    expect((await unroll('sample', 'named', '--seed', '1', '--length', '30')).out).toBe(written.out);
  });
});

describe('a cell of one\'s own', () => {
  const model = async (): Promise<ReturnType<typeof readSafetensors>> => readSafetensors(await readFile('runs/story/last.safetensors'));

  it('trains, is called like its file, and is saved with its equations', async () => {
    await writeFile('my cell.txt', equations);
    const { code, out, err } = await trainTiny('--cell-file', 'my cell.txt');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('nats per character') as string });
    expect(err).toMatch(/^my cell, 2 x 8, embedding 4: /m);
    const { metadata, tensors } = await model();
    expect(JSON.parse(metadata.get('config') ?? '')).toMatchObject({ cell: 'my cell', hidden: 8 });
    const text = JSON.parse(metadata.get('cellText') ?? '') as string;
    expect(cellFromText(text).values).toEqual(cellFromText(equations).values);
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['rnn.weight_hh_l1', 'rnn.gain_l0', 'rnn.gain_l1', 'optimizer.rnn.gain_l0.exp_avg', 'state.1']));
  });

  it('is sampled from its model file alone, on either backend', async () => {
    await writeFile('cell.txt', equations);
    await trainTiny('--cell-file', 'cell.txt');
    await rm('cell.txt');
    const sampled = await unroll('sample', 'runs/story/last.safetensors', '--seed', '2', '--length', '40', '--prompt', 'The ');
    expect(sampled).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^The [^]{40}/) as string });
    expect(await unroll('sample', 'runs/story/last.safetensors', '--seed', '2', '--length', '40', '--prompt', 'The ', '--backend', 'reference')).toEqual(sampled);
  });

  it('gives the same bytes for the same seed, and leaves nothing in memory', async () => {
    await writeFile('cell.txt', `name twice\n${equations}`);
    const live = memory();
    for (const out of ['a', 'b']) expect((await trainTiny('--cell-file', 'cell.txt', '--out', out)).err).toContain('twice, 2 x 8');
    expect((await readFile('a')).equals(await readFile('b'))).toBe(true);
    expect(memory()).toEqual(live);
  });

  it('is refused beside the name of another', async () => {
    await writeFile('cell.txt', equations);
    for (const order of [['--cell', 'gru', '--cell-file', 'cell.txt'], ['--cell-file', 'cell.txt', '--cell', 'lstm']]) {
      expect(await trainTiny(...order)).toEqual({ code: 2, out: '', err: expect.stringMatching(/^error: --cell (?:gru|lstm) and --cell-file cell\.txt are two cells; give one of them\n$/) as string });
    }
  });

  it.each<[string, string, string]>([
    ['an unknown function', 'f = sigmiod(W_f x + R_f h + b_f)\nh = f', 'cell.txt:1:5: there is no function "sigmiod"; did you mean "sigmoid"?\n  f = sigmiod(W_f x + R_f h + b_f)\n      ^^^^^^^'],
    ['an open parenthesis, indented', '# mine\n\n  h = tanh(W x + R h', 'cell.txt:3:21: \n    h = tanh(W x + R h\n                      ^'],
    ['a value that is no value', 'h = (1 - q) * h + W x', 'cell.txt:1:10: "q" is never assigned;\n  h = (1 - q) * h + W x\n           ^'],
    ['a tab and an escape sequence', 'h =\t\u001b[31mtanh(W x + R h)', 'cell.txt:1:5: \n  h = \uFFFD[31mtanh(W x + R h)\n      ^'],
    ['nothing', '', 'cell.txt:1:1: there is no equation, such as\n  \n  ^'],
  ])('is refused with its place where it has %s', async (_, text, expected) => {
    await writeFile('cell.txt', text);
    const { code, out, err } = await trainTiny('--cell-file', 'cell.txt');
    const [line = '', ...excerpt] = expected.split('\n');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err.split('\n')[0]?.startsWith(`error: ${line}`)).toBe(true);
    expect(err.split('\n').slice(1)).toEqual([...excerpt, '']);
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(await readdir('.')).toEqual(['cell.txt', 'story.txt']);
  });

  it.each<[string, Uint8Array | string | undefined, string]>([
    ['that is not there', undefined, 'cell.txt: there is no such file; check the path'],
    ['that is not UTF-8', Buffer.from([0x68, 0xe9]), 'cell.txt: byte 1 (0xE9, line 1) is not valid UTF-8; save the file as UTF-8'],
    ['without parameters', 'h = 0.5 * h + x', 'cell.txt: TextModel: the cell "cell" has no parameters'],
    ['that reads x beside wider states', 'h = tanh(R h + x)', 'cell.txt: '],
  ])('is refused as data: a file %s', async (_, content, message) => {
    if (content !== undefined) await writeFile('cell.txt', content);
    const { code, out, err } = await trainTiny('--cell-file', 'cell.txt');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toContain(`error: ${message}`);
    expect(err).not.toContain('unexpected');
    expect(await readdir('.')).not.toContain('runs/story/last.safetensors');
  });

  it('is refused in one line, with code 4, where a model file has damaged equations', async () => {
    await writeFile('cell.txt', equations);
    await trainTiny('--cell-file', 'cell.txt');
    const { metadata, tensors } = await model();
    const damaged: Readonly<Record<string, string>> = {
      'none': 'null', 'number': '3', 'cut': JSON.stringify('h = tanh(W x + R h'), 'empty': '""', 'other': JSON.stringify(textOf(cells.gru)),
      'renamed': JSON.stringify(textOf(cellFromText(equations.replaceAll('gain', 'shift')))), 'no-json': 'h = tanh(W x)',
      'deep': JSON.stringify(`h = ${'('.repeat(1e5)}`), 'long': JSON.stringify(`h = W x${' + W x'.repeat(1e5)}`),
    };
    for (const [name, cellText] of Object.entries(damaged)) {
      await writeFile(name, writeSafetensors(tensors, new Map([...metadata, ['cellText', cellText]].filter(([key]) => key !== 'checksum') as [string, string][])));
      const { code, out, err } = await unroll('sample', name);
      expect({ name, code, out, lines: err.split('\n').length }).toEqual({ name, code: 4, out: '', lines: 2 });
      expect(err).toMatch(new RegExp(`^error: ${name}: \\S`));
    }
    await writeFile('gone', writeSafetensors(tensors, new Map([...metadata].filter(([key]) => key !== 'cellText' && key !== 'checksum'))));
    expect(await unroll('sample', 'gone')).toMatchObject({ code: 4, err: expect.stringContaining('config: cell must be one of rnn, ') as string });
  });
});

describe('cells', () => {
  it('lists each with states, gates and paper, in columns', async () => {
    const { code, out } = await unroll('cells');
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(1 + Object.keys(cells).length);
    const [head = ''] = lines;
    const columns = ['name', 'states', 'gates', 'paper'].map((title) => head.indexOf(title));
    const entries = (name: string): string[] => {
      const line = lines.find((text) => text.startsWith(`${name} `)) ?? '';
      return columns.map((at, k) => line.slice(at, columns[k + 1]).trim());
    };
    expect(entries('lstm')).toEqual(['lstm', 'h c', 'i f g o', cells.lstm.source]);
    expect(entries('minlstm')).toEqual(['minlstm', 'h', 'f i n', cells.minlstm.source]);
    expect(entries('lstm-layernorm').slice(0, 3)).toEqual(['lstm-layernorm', 'h c', 'i f g o']);
  });

  it.each(Object.keys(cells) as (keyof typeof cells)[])('prints the equations of %s, as text and in LaTeX', async (name) => {
    expect(await unroll('cells', name)).toEqual({ code: 0, out: textOf(cells[name]), err: '' });
    expect(await unroll('cells', name, '--latex')).toEqual({ code: 0, out: `${latexOf(cells[name])}\n`, err: '' });
  });

  it('refuses what it does not know', async () => {
    expect(await unroll('cells', 'lsmt')).toMatchObject({ code: 2, out: '', err: expect.stringContaining("'lsmt'") as string });
    expect(await unroll('cells', '--latex')).toEqual({ code: 2, out: '', err: 'error: --latex prints the equations of one cell; name it: unroll cells lstm --latex\n' });
  });
});
