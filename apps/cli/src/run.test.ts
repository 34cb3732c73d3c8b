import { cells } from '@unroll/cells';
import { readSafetensors, writeSafetensors } from '@unroll/interop';
import { textDefaults } from '@unroll/train';
import { memory } from '@unroll/tensor';
import { torchFixtures } from '@unroll/testing';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from './commands/index.ts';
import { run } from './run.ts';
import { captureIo, storyFolder, type CapturedOptions } from './testing.ts';


const { enter, leave } = storyFolder();
beforeEach(enter);
afterEach(leave);

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function unroll(args: readonly string[], options: CapturedOptions = {}): Promise<Result> {
  const io = captureIo(options);
  const code = await run(args, io);
  return { code, out: io.out, err: io.err };
}

const tiny = ['--hidden', '8', '--layers', '1', '--embedding', '4', '--batch', '4', '--length', '8'];
const trainTiny = (...more: string[]): Promise<Result> => unroll(['train', 'story.txt', ...tiny, '--steps', '10', ...more]);

describe('help', () => {
  it('is there for the whole and for every command, on stdout', async () => {
    for (const args of [['--help'], [], ['help']]) {
      const { code, out, err } = await unroll(args);
      expect([code, err]).toEqual([0, '']);
      for (const name of Object.keys(commands)) expect(out).toContain(name);
      expect(out).toMatch(/unroll/i);
      expect(out).toMatch(/Exit codes: 0 ok/);
    }
    for (const name of Object.keys(commands)) {
      const { code, out, err } = await unroll([name, '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(new RegExp(`^Usage: unroll ${name} `));
    }
  });

  it('shows the version', async () => {
    expect((await unroll(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('gives the defaults that the library has', async () => {
    const { out } = await unroll(['train', '--help'], { columns: 200 });
    const { hidden, layers, embedding, dropout, batch, length, steps, lr, clip, seed } = textDefaults;
    for (const [flag, value] of Object.entries({ hidden, layers, embedding, dropout, batch, length, steps, lr, clip, seed })) {
      expect(out).toMatch(new RegExp(`--${flag} <[^\n]*\n?[^\n]*\\(default: ${value}\\)`));
    }
  });
});

describe('usage errors', () => {
  it.each<[string[], string]>([
    [['train', 'story.txt', '--hiden', '8'], "error: unknown option '--hiden' (Did you mean --hidden?); see unroll train --help\n"],
    [['trian'], "error: unknown command 'trian' (Did you mean train?); see unroll --help\n"],
    [['train'], 'error: name the data to learn from: unroll train story.txt; see unroll train --help\n'],
    [['sample', 'a', 'b'], 'error: too many arguments for \'sample\'. Expected 1 argument but got 2; see unroll sample --help\n'],
    [['train', 'a', '--hidden'], "error: option '--hidden <n>' argument missing; see unroll train --help\n"],
    [['train', 'a', '--hidden', '0'], "error: option '--hidden <n>' argument '0' is invalid. It must be a whole number of at least 1; see unroll train --help\n"],
    [['train', 'a', '--lr', 'fast'], "error: option '--lr <number>' argument 'fast' is invalid. It must be a number above 0; see unroll train --help\n"],
    [['train', 'a', '--cell', 'lsmt'], `error: option '--cell <name>' argument 'lsmt' is invalid. Allowed choices are ${Object.keys(cells).join(', ')}; see unroll train --help\n`],
    [['train', 'story.txt', '--out', 'no/where'], 'error: --out no/where: folder no: there is no such file; create it or choose another place\n'],
    [['verify', 'x', '--backend', 'cuda'], "error: option '--backend <name>' argument 'cuda' is invalid. Allowed choices are wasm, webgpu, reference; see unroll verify --help\n"],
  ])('%j', async (args, message) => {
    expect(await unroll(args)).toEqual({ code: 2, out: '', err: message });
    expect(await readdir('.')).toEqual(['story.txt']);
  });
});

describe('data errors', () => {
  it.each<[string, Buffer | undefined, string]>([
    ['missing.txt', undefined, 'missing.txt: there is no such file; check the path'],
    ['empty.txt', Buffer.alloc(0), 'empty.txt: the file is empty; give it a text to learn from'],
    ['short.txt', Buffer.from('ab'.repeat(300)), 'short.txt: 600 characters are too few, --batch 50 and --length 50 need 2,834; give a longer text, or lower --batch or --length'],
    ['latin.txt', Buffer.from([0x61, 0x0a, 0xe9, 0x61]), 'latin.txt: byte 2 (0xE9, line 2) is not valid UTF-8; save the file as UTF-8'],
  ])('%s', async (file, content, message) => {
    if (content !== undefined) await writeFile(file, content);
    expect(await unroll(['train', file])).toEqual({ code: 3, out: '', err: `error: ${message}\n` });
  });

  it('names how long a text must be, exactly', async () => {
    const options = ['--batch', '4', '--length', '8', '--hidden', '4', '--layers', '1', '--steps', '1'];
    const { err } = await unroll(['train', 'a.txt', ...options]);
    expect(err).toContain('no such file');
    await writeFile('a.txt', 'abc\n'.repeat(9));
    expect((await unroll(['train', 'a.txt', ...options])).err).toContain('36 characters are too few, --batch 4 and --length 8 need 40;');
    await writeFile('a.txt', 'abc\n'.repeat(10));
    expect((await unroll(['train', 'a.txt', ...options])).code).toBe(0);
  });
});

describe('train', () => {
  it('reports the held-out loss in nats and bits, and keeps a run folder', async () => {
    const { code, out, err } = await trainTiny();
    expect(code).toBe(0);
    const [, nats = '', bits = ''] = /held-out loss: ([\d.]+) nats per character, ([\d.]+) bits per character/.exec(out) ?? [];
    expect(Number(bits)).toBeCloseTo(Number(nats) / Math.LN2, 3);
    expect(err).toContain('saved runs/story/last.safetensors');
    expect(err).toContain('unroll sample runs/story\n');
    expect((await readdir('runs/story')).sort()).toEqual(['config.json', 'curve.svg', 'last.safetensors', 'log.jsonl', 'step-00000010.safetensors']);
  });

  it('prints plain lines off a terminal', async () => {
    const { out, err } = await trainTiny();
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(out + err).not.toMatch(/[\u001b\r]/);
    expect(err.match(/^step /gm)).toHaveLength(10);
    expect((await trainTiny('--steps', '30')).err.match(/^step \d+/gm)?.slice(-2)).toEqual(['step 29', 'step 30']);
  });

  it('saves all that is needed to sample and to go on', async () => {
    await trainTiny('--cell', 'gru', '--dropout', '0.1');
    const { metadata, tensors } = readSafetensors(await readFile('runs/story/last.safetensors'));
    expect(JSON.parse(metadata.get('config') ?? '')).toMatchObject({ cell: 'gru', hidden: 8, dropout: 0.1, steps: 10, optimizer: 'adam' });
    expect(JSON.parse(metadata.get('vocabulary') ?? '')).toMatchObject({ kind: 'characters' });
    expect(JSON.parse(metadata.get('training') ?? '')).toMatchObject({ steps: 10, cursor: { epoch: 0, step: 10 }, generator: { seed: 0 } });
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['embedding.weight', 'rnn.weight_ih_l0', 'rnn.bias_hh_l0', 'head.bias', 'optimizer.head.bias.exp_avg', 'state.0']));
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    for (const [seed, out] of [['1', 'a'], ['1', 'b'], ['2', 'c']] as const) expect((await trainTiny('--seed', seed, '--out', out)).code).toBe(0);
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => readFile(name)));
    expect(a?.equals(b as Buffer)).toBe(true);
    expect(a?.equals(c as Buffer)).toBe(false);
  });

  it('leaves nothing behind in memory, however it ends', async () => {
    const live = memory();
    await trainTiny();
    await trainTiny('--lr', '1e30');
    expect(memory()).toEqual(live);
  });

  it('stops where it diverges, and saves nothing', async () => {
    const { code, out, err } = await trainTiny('--lr', '1e30', '--clip', '0');
    expect(code).toBe(5);
    expect(out).toBe('');
    expect(err).toMatch(/^error: the training diverged: at step \d+ the loss is .* try a smaller --lr or --clip \(clipping is off\); nothing was saved$/m);
    expect((await readdir('runs/story')).sort()).toEqual(['config.json', 'log.jsonl']);
  });

  it('saves and exits 130 on Ctrl-C, and 143 on a request to end', async () => {
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
      const io = captureIo();
      const write = (text: string): void => {
        io.stderr.write(text);
        if (text.startsWith('step 3/')) io.stop(signal);
      };
      expect(await run(['train', 'story.txt', ...tiny, '--steps', '1000000', '--out', signal], { ...io, now: tick(), stderr: { ...io.stderr, write } })).toBe(code);
      expect(io.err).toMatch(/stopping after this step[^]*stopped at step \d+ of 1,000,000, in [^]*saved runs\/story[^]*to go on: unroll train --resume runs\/story/);
      expect((await unroll(['sample', signal, '--length', '3', '--seed', '1'])).code).toBe(0);
    }
  });

  it('leaves at once when asked twice', async () => {
    const io = captureIo();
    const write = (text: string): void => {
      io.stderr.write(text);
      if (text.startsWith('step 3/')) for (const signal of ['SIGINT', 'SIGINT'] as const) io.stop(signal);
    };
    await run(['train', 'story.txt', ...tiny, '--steps', '1000000'], { ...io, now: tick(), stderr: { ...io.stderr, write } });
    expect(io.exits).toEqual([130]);
  });

  it('says when the model cannot be saved', async () => {
    await mkdir('gone');
    const io = captureIo();
    const write = (text: string): void => {
      io.stderr.write(text);
      if (text.startsWith('step 3/')) rmSync('gone', { recursive: true });
    };
    expect(await run(['train', 'story.txt', ...tiny, '--steps', '4', '--out', 'gone/model'], { ...io, now: tick(), stderr: { ...io.stderr, write } })).toBe(1);
    expect(io.err).toMatch(/^error: gone\/model: there is no such file; the model was not saved$/m);
  });
});

/** A clock on which every look takes eleven seconds, so that every step is printed. */
function tick(): () => number {
  let time = 0;
  return () => (time += 11_000);
}

describe('sample', () => {
  beforeEach(async () => {
    await trainTiny('--out', 'model');
  });

  const sample = (...args: string[]): Promise<Result> => unroll(['sample', 'model', ...args]);

  it('writes as many characters as asked, after the prompt, and ends the line', async () => {
    const { code, out, err } = await sample('--prompt', 'The tide', '--length', '40', '--seed', '1');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^The tide/);
    expect(out.endsWith('\n')).toBe(true);
    expect([48, 49]).toContain(out.length);
    expect((await sample('--length', '0', '--seed', '1')).out).toBe('\n');
  });

  it('repeats itself with the same seed alone', async () => {
    const [a, b, c] = [await sample('--seed', '1'), await sample('--seed', '1'), await sample('--seed', '2')];
    expect(a.out).toBe(b.out);
    expect(a.out).not.toBe(c.out);
    expect((await sample()).err).toMatch(/^seed \d+\n$/);
  });

  it('takes the likeliest character at temperature 0, and with top-k 1', async () => {
    const [cold, one] = [await sample('--temperature', '0', '--seed', '1'), await sample('--top-k', '1', '--seed', '2')];
    expect(cold.out).toBe(one.out);
  });

  it('refuses a prompt that the model cannot read', async () => {
    expect(await sample('--prompt', 'Zebra')).toMatchObject({ code: 2, err: expect.stringMatching(/^error: --prompt: "Z" \(U\+005A\) at position 0 .*the model knows "\\n ,\.T/m) as string });
  });

  const refused = async (name: string, content: Uint8Array): Promise<Result> => {
    await writeFile(name, content);
    return unroll(['sample', name]);
  };

  it('refuses what is no model, in one line, with code 4', async () => {
    const model = await readFile('model');
    const { tensors, metadata: saved } = readSafetensors(model);
    const metadata = new Map([...saved].filter(([key]) => key !== 'checksum'));
    const flipped = Uint8Array.from(model);
    flipped[model.length - 9] = (flipped[model.length - 9] as number) ^ 1;
    const without = (key: string): Uint8Array => writeSafetensors(tensors, new Map([...metadata].filter(([name]) => name !== key)));
    const instead = (key: string, text: string): Uint8Array => writeSafetensors(tensors, new Map([...metadata, [key, text]]));
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('hello there, this is a text')],
      ['cut', model.subarray(0, 3000)],
      ['flipped', flipped],
      ['wrong-checksum', writeSafetensors(tensors, new Map([...saved, ['checksum', 'md5']]))],
      ['longer', Buffer.concat([model, Buffer.alloc(3)])],
      ['foreign', await readFile(torchFixtures()[0] ?? '')],
      ['no-config', without('config')],
      ['no-vocabulary', without('vocabulary')],
      ['bad-json', instead('config', '{')],
      ['other-kind', instead('kind', '"image"')],
      ['newer', instead('version', '2')],
      ['huge', instead('config', JSON.stringify({ ...(JSON.parse(metadata.get('config') ?? '{}') as object), hidden: 1e9 }))],
      ['other-cell', instead('config', JSON.stringify({ ...(JSON.parse(metadata.get('config') ?? '{}') as object), cell: 'gru' }))],
      ['unknown-cell', instead('config', JSON.stringify({ ...(JSON.parse(metadata.get('config') ?? '{}') as object), cell: '__proto__' }))],
      ['fewer', writeSafetensors([...tensors].filter(([name]) => name !== 'rnn.bias_ih_l0'), metadata)],
    ];
    for (const [name, content] of cases) {
      const { code, out, err } = await refused(name, content);
      expect({ name, code, out, lines: err.split('\n').length }).toEqual({ name, code: 4, out: '', lines: 2 });
      expect(err).toMatch(new RegExp(`^error: ${name}: \\S`));
      expect(err).not.toMatch(/ at .*:\d+:\d+/);
    }
    expect(await unroll(['sample', 'nowhere'])).toMatchObject({ code: 4, err: 'error: nowhere: there is no such file; check the path\n' });
  });

  it('leaves nothing behind in memory', async () => {
    const live = memory();
    await sample();
    await sample('--prompt', 'Zebra');
    await refused('cut', (await readFile('model')).subarray(0, 3000));
    expect(memory()).toEqual(live);
  });
});

describe('start', () => {
  it('writes before and after, measures, and saves nothing unless asked', async () => {
    const { code, out, err } = await unroll(['start', '--steps', '3']);
    expect(code).toBe(0);
    expect(out).toMatch(/held-out loss: [\d.]+ nats per character, [\d.]+ bits per character/);
    expect(err).toMatch(/Before training it writes:[^]*step 3\/3[^]*After 0:\d\d of training it writes:[^]*train FILE\.txt/);
    expect(await readdir('.')).toEqual(['story.txt']);
    expect((await unroll(['start', '--steps', '1', '--out', 'harbour'])).code).toBe(0);
    expect((await unroll(['sample', 'harbour', '--length', '5'])).code).toBe(0);
  });
});

describe('verify', () => {
  it('prints a line a file and exits 1 where one is wrong', async () => {
    const [good = ''] = torchFixtures();
    expect(await unroll(['verify', good, '--backend', 'reference'])).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {4}.*outputs abs .* gradients abs .*\n$/) as string });
    const { code, out, err } = await unroll(['verify', '--json', good, 'story.txt', '--tolerance', '1e-3']);
    const lines = out.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(1);
    expect(lines).toMatchObject([{ file: good, backend: 'wasm', ok: true }, { file: 'story.txt', backend: 'wasm', ok: false, error: expect.any(String) as string }]);
    expect(err).toBe('1 of 2 files agree with PyTorch on the wasm backend\n');
  });
});

describe('starting', () => {
  it('loads nothing heavy before a command is carried out', async () => {
    const [seen, waiting] = [new Set<string>(), ['main.ts', ...Object.keys(commands).map((name) => `commands/${name}.ts`)]];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      const source = await readFile(join(import.meta.dirname, file), 'utf8');
      for (const [, from = ''] of source.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gm)) {
        if (from.startsWith('.')) waiting.push(join(file, '..', from).replaceAll('\\', '/'));
        else expect({ file, from }).toEqual({ file, from: expect.stringMatching(/^(node:[a-z_/]+|commander)$/) as string });
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });
});
