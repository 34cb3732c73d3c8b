import { readOnnx, readSafetensors, toFloat32Array, writeSafetensors } from '@unroll/interop';
import { memory } from '@unroll/tensor';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../run.ts';
import { captureIo, storyFolder, type CapturedIo } from '../testing.ts';


const { enter, leave } = storyFolder();
beforeEach(enter);
afterEach(leave);

async function unroll(...args: string[]): Promise<CapturedIo & { readonly code: number }> {
  const io = captureIo();
  return Object.assign(io, { code: await run(args, io) });
}

const train = async (...more: string[]): Promise<unknown> => expect((await unroll('train', 'story.txt', '--hidden', '6', '--layers', '2', '--embedding', '4', '--batch', '4', '--length', '8', '--steps', '3', '--run', 'run', ...more)).code).toBe(0);
const text = async (model: string): Promise<string> => (await unroll('sample', model, '--seed', '3', '--length', '60', '--temperature', '0.5')).out;

describe('a model goes out and comes back', () => {
  it.each(['lstm', 'gru', 'rnn', 'rnn-relu'])('%s through every format, and writes the same text', async (cell) => {
    await train('--cell', cell);
    const live = memory();
    const own = await text('run');
    for (const format of ['safetensors', 'onnx', 'keras', 'pytorch']) {
      expect((await unroll('export', 'run', '--to', format, '--out', format)).code).toBe(0);
      expect((await unroll('import', format === 'pytorch' ? 'pytorch/model.safetensors' : format, '--out', 'back')).code).toBe(0);
      expect({ format, text: await text('back') }).toEqual({ format, text: own });
    }
    expect(memory()).toEqual(live);
  });

  it('with a cell of one\'s own as far as the format has its equations', async () => {
    await writeFile('my-cell.txt', 'state h\nz = sigmoid(W_z x + R_z h + b_z)\nh = z * h + (1 - z) * tanh(W_h x + b_h)\n');
    await train('--cell-file', 'my-cell.txt');
    expect((await unroll('export', 'run', '--to', 'safetensors', '--out', 'weights')).code).toBe(0);
    expect((await unroll('import', 'weights', '--out', 'back')).code).toBe(0);
    expect(await text('back')).toBe(await text('run'));
    expect((await unroll('export', 'run', '--to', 'onnx')).code).toBe(0);
    expect(await unroll('export', 'run', '--to', 'keras')).toMatchObject({ code: 3, err: expect.stringContaining('my-cell') as string });
  });

  it('as a PyTorch script with its parameters and symbols', async () => {
    await train();
    await unroll('export', 'run', '--to', 'pytorch', '--out', 'torch');
    expect((await readdir('torch')).sort()).toEqual(['model.py', 'model.safetensors', 'vocabulary.json']);
    expect(await readFile('torch/model.py', 'utf8')).toMatch(/nn\.LSTM\(4, 6, num_layers=2/);
  });

  it('through stdout, and from stdin', async () => {
    await train();
    const { pieces, err } = await unroll('export', 'run', '--to', 'onnx', '--states', '--out', '-');
    expect(err).toBe('');
    expect(readOnnx(pieces[0] as Uint8Array).layers.map(({ kind }) => kind)).toEqual(['embedding', 'recurrent', 'linear']);
  });

  it('from a state dict of anybody\'s, with symbols beside it', async () => {
    await train('--cell', 'gru');
    await unroll('export', 'run', '--to', 'safetensors', '--out', 'weights');
    const { tensors } = readSafetensors(await readFile('weights'));
    const renamed = [...tensors].map(([name, raw]) => [name.replace('rnn.', 'gru.').replace('embedding.', 'encoder.').replace('head.', 'fc.'), { shape: raw.shape, data: toFloat32Array(raw) }] as const);
    await writeFile('theirs', writeSafetensors(renamed));
    expect(await unroll('import', 'theirs')).toMatchObject({ code: 2, err: expect.stringContaining('with --symbols') as string });
    expect((await unroll('import', 'theirs', '--symbols', 'story.txt', '--out', 'back')).code).toBe(0);
    expect(await text('back')).toBe(await text('run'));
    await writeFile('few.json', '["a", "b"]');
    expect(await unroll('import', 'theirs', '--symbols', 'few.json', '--out', 'x')).toMatchObject({ code: 3, err: expect.stringContaining('but 2 are given') as string });
  });

  it('or is refused, in a line that names the file', async () => {
    await writeFile('noise', 'not a model');
    await writeFile('empty', '');
    for (const file of ['noise', 'empty', 'nowhere']) {
      const { code, out, err } = await unroll('import', file, '--out', 'x');
      expect({ file, code, out, lines: err.split('\n').length }).toEqual({ file, code: 4, out: '', lines: 2 });
      expect(err).toContain(file);
    }
    await train();
    expect(await unroll('export', 'run', '--to', 'caffe')).toMatchObject({ code: 2 });
    expect(await unroll('export', 'run', '--to', 'keras', '--states')).toMatchObject({ code: 2 });
  });
});
