import { vjp } from '@unroll/autograd';
import { cells } from '@unroll/cells';
import { Recurrent } from '@unroll/layers';
import { Generator, memory, narrow, normal, reference, squeeze, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../run.ts';
import { captureIo, type CapturedIo } from '../testing.ts';
import { freshFlow, gradientFlow, halfLife } from './gradient-flow.ts';
import { matrixExperiment } from './matrix.ts';

beforeAll(() => void use(reference()));
afterAll(() => void use(undefined));

describe('how far a gradient reaches', () => {
  it.each(['rnn', 'lstm', 'gru'] as const)('in %s is what back-propagation through the whole sequence says', async (name) => {
    const live = memory();
    const generator = new Generator(1);
    const rnn = new Recurrent(cells[name], 3, 3, { numLayers: 2, generator });
    const inputs = normal([6, 1, 3], { generator });
    const { norms } = await gradientFlow(rnn, inputs, 5);
    // The direction again: the gradient of a product with it at step T − 1 ends at norms[0].
    const initial = rnn.stateShapes(1).map((shape) => zeros(shape));
    const { value, pull, dispose } = vjp((...states: readonly Tensor[]) => {
      const [output] = rnn.forward(inputs, states.length === 1 ? states[0] : states);
      return squeeze(narrow(output, 0, 5, 1), 0);
    }, ...initial);
    const direction = await lastDirection(rnn, 5);
    const back = pull(direction);
    const data = await Promise.all(back.map((gradient) => gradient.data()));
    expect(Math.hypot(...data.flatMap((values) => [...values]))).toBeCloseTo(norms[0] as number, 6);
    expect(norms.at(-1)).toBe(1);
    dispose();
    for (const own of [...initial, ...back, value, direction, inputs]) own.dispose();
    rnn.dispose();
    expect(memory()).toEqual(live);
  });

  it('vanishes fastest in the plain cell', async () => {
    const options = { hidden: 16, layers: 1, length: 40, seed: 0 };
    const [rnn, lstm, gru] = [await freshFlow(cells.rnn, options), await freshFlow(cells.lstm, options), await freshFlow(cells.gru, options)];
    expect(rnn.halfLife).toBeLessThan(lstm.halfLife as number);
    expect(rnn.halfLife).toBeLessThan(gru.halfLife as number);
  });

  it('has a half-life', () => {
    expect(halfLife([0.125, 0.25, 0.5, 1])).toBeCloseTo(1);
    expect(halfLife([0.5, 0.5 ** 0.5, 1])).toBeCloseTo(2);
    expect(halfLife([4, 2, 1])).toBeCloseTo(-1);
    expect(halfLife([1, 1])).toBeNull();
    expect(halfLife([0, 1])).toBeNull();
  });

  it('explodes with one matrix, repeated, and vanishes with half of it', () => {
    for (const seed of [0, 1, 2, 3]) {
      const [whole, half] = matrixExperiment(seed);
      expect(whole?.norms).toHaveLength(21);
      expect(whole?.norms[0]).toBeCloseTo(Math.sqrt(6) / 2);
      expect(whole?.norms.at(-1)).toBeGreaterThan(10);
      expect(half?.norms.at(-1)).toBeLessThan(0.5);
      whole?.norms.forEach((norm, t) => expect(half?.norms[t]).toBeCloseTo(norm / 2 ** t, 9));
    }
  });
});

async function lastDirection(rnn: Recurrent, seed: number): Promise<Tensor> {
  const { Rng } = await import('@unroll/datasets');
  const rng = new Rng(seed);
  const drawn = Array.from({ length: rnn.hiddenSize }, () => rng.normal());
  return tensor(Float32Array.from(drawn, (value) => value / Math.hypot(...drawn)), { shape: [1, rnn.hiddenSize] });
}

describe('unroll inspect', () => {
  let folder = '';
  const before = process.cwd();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unroll-inspect-'));
    process.chdir(folder);
    await writeFile('story.txt', 'The tide comes in, the tide goes out, and nobody asks why.\n'.repeat(20));
    await unroll('train', 'story.txt', '--hidden', '6', '--layers', '2', '--embedding', '4', '--batch', '4', '--length', '8', '--steps', '3', '--run', 'run');
  });

  afterEach(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true });
  });

  async function unroll(...args: string[]): Promise<CapturedIo & { readonly code: number }> {
    const io = captureIo();
    const code = await run(args, io);
    return Object.assign(io, { code });
  }

  it('tells parameters, spectral radii and biases', async () => {
    const { code, out } = await unroll('inspect', 'run');
    expect(code).toBe(0);
    expect(out).toMatch(/^run\/last\.safetensors: text model, lstm, 2 x 6, 3 updates\n/);
    expect(out).toMatch(/rnn\.weight_hh_l1 +\[24, 6\] +F32/);
    expect(out.match(/^rnn\._l[01] +[ifgo] +\d\.\d{4} +-?\d\.\d{4} +.* … /gm)).toHaveLength(8);
    const json = JSON.parse((await unroll('inspect', 'run', '--json')).out) as { readonly gates: readonly unknown[]; readonly parameters: number };
    expect(json).toMatchObject({ recipe: 'text', steps: 3, gates: expect.arrayContaining([expect.objectContaining({ layer: 'rnn._l1', gate: 'f' })]) as unknown });
  });

  it('shows gates over a text, in the terminal, as a picture and as a page', async () => {
    const { code, out } = await unroll('inspect', 'run', '--text', 'The tide', '--values', 'f,c', '--units', '2');
    expect(code).toBe(0);
    expect(out).toMatch(/^ +The·tide\nf_l0 \d +[ ░▒▓█]{1,8}\nf_l0 \d .*\n\nc_l0/);
    expect((await unroll('inspect', 'run', '--text', 'tide', '--svg', 'a.svg', '--html', 'a.html')).code).toBe(0);
    const svg = await readFile('a.svg', 'utf8');
    // 2 layers of 6 units, 4 characters; the cell names i, f, g, o, c and h, and perhaps more.
    const values = new Set([...svg.matchAll(/fill="#222">(\w+_l\d)</g)].map(([, name]) => name));
    expect([...values]).toEqual(expect.arrayContaining(['i_l0', 'f_l0', 'o_l1', 'c_l1', 'h_l1']));
    expect(svg.match(/width="12" height="5"/g)).toHaveLength(values.size * 6 * 4);
    expect(await readFile('a.html', 'utf8')).toMatch(/^<!doctype html>[^]*<svg[^]*<\/html>\n$/);
    const json = JSON.parse((await unroll('inspect', 'run', '--text', 'tide', '--json')).out) as { readonly symbols: readonly string[]; readonly values: Readonly<Record<string, readonly (readonly number[])[]>> };
    expect(json.symbols).toEqual([...'tide']);
    expect(json.values['f_l0']?.map((row) => row.length)).toEqual([6, 6, 6, 6]);
    expect(json.values['f_l0']?.flat().every((value) => value > 0 && value < 1)).toBe(true);
  });

  it('measures a model over its text, and fresh layers', async () => {
    expect((await unroll('inspect', 'run', '--gradient-flow', '--text', 'The tide comes')).out).toMatch(/^lstm, 2 x 6: of the gradient at step 14, .* reaches the start; it halves every/);
    expect((await unroll('inspect', '--gradient-flow', '--cell', 'gru,rnn', '--hidden', '4', '--length', '9')).out).toMatch(/^gru, 1 x 4[^]*\nrnn, 1 x 4/);
    expect((await unroll('inspect', '--matrix')).out.trimEnd().split('\n')).toHaveLength(22);
  });

  it('refuses what it cannot show', async () => {
    const faults: readonly (readonly [args: readonly string[], code: number, message: string])[] = [
      [[], 2, 'name the model'],
      [['nowhere'], 4, 'there is no such file'],
      [['run', '--svg', 'x'], 2, 'give it with --text'],
      [['run', '--text', 'Zebra'], 3, 'Z'],
      [['run', '--text', 'tide', '--values', 'q'], 2, '--values q: there are '],
      [['--gradient-flow', '--cell', 'lsmt'], 2, 'there is no cell "lsmt"'],
    ];
    for (const [args, code, message] of faults) expect(await unroll('inspect', ...args)).toMatchObject({ code, out: '', err: expect.stringContaining(message) as string });
  });
});
