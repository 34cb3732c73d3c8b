import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSafetensors } from '@unroll/interop';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands } from './commands/index.ts';

/** The command as it is shipped, in a process of its own: what tests inside of one process cannot show. Needs `dist`: `pnpm test` and `pnpm build` make it. */
const main = join(import.meta.dirname, '../dist/main.js');
const full = process.env['UNROLL_CI'] === '1';

let folder = '';

beforeAll(() => {
  if (!existsSync(main)) throw new Error(`no ${main}: run the script "build" first`);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unroll-process-'));
  writeFileSync(join(folder, 'story.txt'), 'The tide comes in, the tide goes out, and nobody asks why.\n'.repeat(60));
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

const tiny = ['--hidden', '8', '--layers', '1', '--embedding', '4', '--batch', '4', '--length', '8'];
const environment = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined, DEBUG: undefined, npm_lifecycle_event: undefined };

interface Ended { readonly code: number | null; readonly out: string; readonly err: string }

function unroll(args: readonly string[], { input, env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8', env: { ...environment, ...env }, ...(input === undefined ? {} : { input }) });
  return { code: status, out: stdout, err: stderr };
}

function start(args: readonly string[]): ChildProcess & { readonly said: () => string } {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => void (said += String(piece)));
  return Object.assign(child, { said: () => said });
}

async function until(child: ReturnType<typeof start>, pattern: RegExp): Promise<void> {
  while (!pattern.test(child.said())) {
    if (child.exitCode !== null) throw new Error(`it ended before it said ${pattern}: ${child.said()}`);
    await sleep(5);
  }
}

function sh(script: string): Ended {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8', env: { ...environment, UNROLL: `${process.execPath} ${main}` } });
  return { code: status, out: stdout, err: stderr };
}

// oxlint-disable-next-line no-control-regex -- escape codes are what must not be there
const escapes = /[\u001b\r]/;

describe('training in a worker', () => {
  it('stops after its step when asked, says how to go on, and ends in the same bytes', async () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '400', '--run', 'whole', '--quiet']).code).toBe(0);
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
      const child = start(['train', 'story.txt', ...tiny, '--steps', '400', '--run', signal, '--json']);
      await until(child, /"event":"step"/);
      const asked = Date.now();
      child.kill(signal);
      const [ended] = (await once(child, 'close')) as [number];
      expect([ended, child.said()]).toEqual([code, expect.stringContaining(`to go on: unroll train --resume ${signal}`) as string]);
      expect(Date.now() - asked).toBeLessThan(10_000);
      expect(unroll(['train', '--resume', signal, '--quiet'])).toMatchObject({ code: 0 });
      expect(readFileSync(join(folder, signal, 'last.safetensors')).equals(readFileSync(join(folder, 'whole/last.safetensors')))).toBe(true);
    }
  });

  it('ends at once when asked twice, and the checkpoint before is whole', async () => {
    const child = start(['train', 'story.txt', ...tiny, '--steps', '1000000', '--save-every', '20', '--run', 'run', '--json']);
    await until(child, /"event":"checkpoint"/);
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await sleep(60);
    child.kill('SIGINT');
    const [code, signal] = (await closed) as [number | null, string | null];
    // Where the second one finds the process on its way out, the signal itself ends it, which a shell calls 130, too.
    expect(code ?? signal).toBe(code === null ? 'SIGINT' : 130);
    expect(unroll(['sample', 'run', '--length', '3', '--seed', '1']).code).toBe(0);
  });

  it('goes on from the checkpoint before where the newest is damaged, and says so', () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '30', '--save-every', '10', '--run', 'run', '-q']).code).toBe(0);
    truncateSync(join(folder, 'run/step-00000030.safetensors'), 3000);
    const { code, err } = unroll(['train', '--resume', 'run', '--steps', '40']);
    expect(code).toBe(0);
    expect(err).toMatch(/warning: run\/last\.safetensors: .*warning: run\/step-00000030\.safetensors: .*going on from run\/step-00000020\.safetensors, the one before it[^]*going on from step 20/s);
    for (const name of readdirSync(join(folder, 'run'))) if (name.endsWith('.safetensors')) truncateSync(join(folder, 'run', name), 100);
    expect(unroll(['train', '--resume', 'run'])).toMatchObject({ code: 4, out: '' });
  });

  it('goes on with what came through stdin', () => {
    const text = readFileSync(join(folder, 'story.txt'), 'utf8');
    expect(unroll(['train', '-', ...tiny, '--steps', '5', '-q'], { input: text })).toMatchObject({ code: 0, err: '' });
    expect(unroll(['train', '--resume', 'runs/stdin', '--steps', '7'])).toMatchObject({ code: 0 });
  });

  it('refuses to go on with other data, other settings, or nothing', () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '5', '-q', '--run', 'run']).code).toBe(0);
    expect(unroll(['train', '--resume', 'run', '--hidden', '9']).err).toMatch(/^error: --hidden is settled for a training that goes on; these may change: --steps/);
    expect(unroll(['train', 'story.txt', '--run', 'run'])).toMatchObject({ code: 2, err: expect.stringMatching(/^error: --run run: there is a run already/) as string });
    writeFileSync(join(folder, 'story.txt'), 'Another story altogether, and a longer one.\n'.repeat(90));
    expect(unroll(['train', '--resume', 'run'])).toMatchObject({ code: 3, err: expect.stringContaining('not the data that the run began with') as string });
    mkdirSync(join(folder, 'empty'));
    expect(unroll(['train', '--resume', 'empty'])).toMatchObject({ code: 4, err: expect.stringContaining('there is no checkpoint in this folder') as string });
    expect(unroll(['train', '--resume'])).toMatchObject({ code: 2, err: expect.stringContaining('there is no run with a checkpoint in runs') as string });
  });

  it('names the last good checkpoint where it diverges', () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '10', '-q', '--run', 'run']).code).toBe(0);
    const { code, err } = unroll(['train', '--resume', 'run', '--steps', '100', '--lr', '1e30', '--clip', '0']);
    expect(code).toBe(5);
    expect(err).toMatch(/error: the training diverged: at step \d+ the loss is .* gradient norm .*the last good checkpoint is of step 10: go on from it with unroll train --resume run --lr /);
    expect(unroll(['train', '--resume', 'run', '--steps', '12', '--lr', '0.001', '-q']).code).toBe(0);
  });
});

describe('kill -9', () => {
  const rounds = full ? 200 : 20;

  it(`at ${rounds} random moments of saving 8 MB leaves no torn file`, async () => {
    // The very function, in a process that does nothing else; the content says whether it is whole.
    const saver = join(folder, 'saver.mjs');
    writeFileSync(saver, [
      `import { writeAtomically } from ${JSON.stringify(new URL('../dist/files/atomic.js', import.meta.url).href)};`,
      'const bytes = new Uint8Array(8e6);', 'process.stdout.write("ready");', 'for (let k = 0; ; k = (k + 1) % 251) writeAtomically("model", bytes.fill(k));',
    ].join('\n'));
    for (let round = 0; round < rounds; round += 1) {
      const child = spawn(process.execPath, [saver], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
      await once(child.stdout, 'data');
      await sleep(Math.random() * 60);
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      if (!existsSync(join(folder, 'model'))) continue;
      const bytes = readFileSync(join(folder, 'model'));
      expect(bytes.length).toBe(8e6);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
    expect(existsSync(join(folder, 'model'))).toBe(true);
  }, 600_000);

  it(`at any moment of ${full ? 40 : 5} trainings leaves whole checkpoints, and the next goes on`, async () => {
    const wide = ['--hidden', '96', '--layers', '1', '--embedding', '8', '--batch', '2', '--length', '4'];
    const first = start(['train', 'story.txt', ...wide, '--steps', '1000000', '--save-every', '1', '--run', 'run', '--json']);
    await until(first, /"role":"last"/);
    for (let round = 0, child = first; round <= (full ? 40 : 5); round += 1) {
      await sleep(Math.random() * 150);
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      for (const name of readdirSync(join(folder, 'run')).filter((file) => /^(?:last|step-\d+)\.safetensors$/.test(file))) readSafetensors(readFileSync(join(folder, 'run', name)));
      if (round === (full ? 40 : 5)) break;
      child = start(['train', '--resume', 'run', '--json']);
      await until(child, /"role":"last"/);
      expect(child.said()).not.toContain('warning');
    }
    const lines = readFileSync(join(folder, 'run/log.jsonl'), 'utf8').split('\n').slice(0, -1);
    expect(() => lines.map((line) => JSON.parse(line) as unknown)).not.toThrow();
  }, 600_000);
});

describe('Ctrl-C', () => {
  it(`at ${full ? 50 : 3} random steps, one after the other, ends in the same bytes`, async () => {
    const args = [...tiny, '--dropout', '0.2', '--steps', full ? '8000' : '500', '--evaluate-every', full ? '500' : '100', '--schedule', 'cosine'];
    expect(unroll(['train', 'story.txt', ...args, '--run', 'whole', '-q']).code).toBe(0);
    let stops = 0;
    for (let child = start(['train', 'story.txt', ...args, '--run', 'cut', '--json']); ; child = start(['train', '--resume', 'cut', '--json'])) {
      const closed = once(child, 'close');
      if (stops < (full ? 50 : 3)) {
        await until(child, /"event":"step"/);
        await sleep(Math.random() * 15);
        child.kill('SIGINT');
      }
      const [code] = (await closed) as [number];
      if (code === 0) break;
      expect(code).toBe(130);
      stops += 1;
    }
    if (full) expect(stops).toBe(50);
    else expect(stops).toBeGreaterThan(0);
    for (const name of ['last', 'best']) expect(readFileSync(join(folder, `cut/${name}.safetensors`)).equals(readFileSync(join(folder, `whole/${name}.safetensors`)))).toBe(true);
  }, 600_000);

  it('does not wait for a measurement', async () => {
    writeFileSync(join(folder, 'long.txt'), 'The tide comes in, the tide goes out, and nobody asks why.\n'.repeat(20_000));
    const child = start(['train', 'long.txt', '--hidden', '256', '--layers', '2', '--batch', '4', '--length', '8', '--steps', '3', '--run', 'run', '--json']);
    await until(child, /"event":"step"[^\n]*"step":3,/);
    const closed = once(child, 'close');
    child.kill('SIGINT');
    expect(((await closed) as [number])[0]).toBe(130);
    expect(child.said()).not.toContain('"event":"eval"');
    expect(child.said()).toContain('"reason":"stopped"');
  });
});

describe('the world around', () => {
  it('may close the pipe', () => {
    expect(sh(`$UNROLL train story.txt ${tiny.join(' ')} --steps 200 --json 2> err | head -1 > out; echo "\${PIPESTATUS[0]}"`)).toMatchObject({ code: 0, out: '0\n' });
    expect(readFileSync(join(folder, 'out'), 'utf8')).toMatch(/^\{"v":1,"event":"start"/);
    expect(readFileSync(join(folder, 'err'), 'utf8')).not.toMatch(/EPIPE| at .*:\d+:\d+/);
  });

  it('may have a full disk: the checkpoint before stays', () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '5', '-q', '--run', 'run']).code).toBe(0);
    const before = readFileSync(join(folder, 'run/last.safetensors'));
    const { code, err } = sh('ulimit -f 4; $UNROLL train --resume run --steps 8');
    expect(code).toBe(1);
    expect(err).toMatch(/^error: run\/step-00000008\.safetensors: .*; the model was not saved$/m);
    expect(err).not.toMatch(/ at .*:\d+:\d+/);
    expect(readFileSync(join(folder, 'run/last.safetensors')).equals(before)).toBe(true);
    expect(unroll(['train', '--resume', 'run', '--steps', '8', '-q']).code).toBe(0);
  });

  it('may have a folder where nothing can be written', () => {
    mkdirSync(join(folder, 'locked'));
    writeFileSync(join(folder, 'file'), '');
    chmodSync(join(folder, 'locked'), 0o500);
    // Root may write anywhere but below a file.
    const places = process.getuid?.() === 0 ? ['file/run'] : ['locked/run', 'file/run'];
    for (const place of places) {
      const { code, out, err } = unroll(['train', 'story.txt', ...tiny, '--steps', '3', '--run', place]);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(new RegExp(`^error: ${place}: .*choose another place with --run FOLDER$`, 'm'));
    }
  });

  it('may be a terminal, where there is a bar, or not, where there are no escape codes', () => {
    const args = `train story.txt ${tiny.join(' ')} --steps 150`;
    const terminal = (env: string): string => execFileSync('script', ['-qec', `env ${env} ${process.execPath} ${main} ${args}`, '/dev/null'], { cwd: folder, encoding: 'utf8', env: { ...environment, TERM: 'xterm' } });
    // oxlint-disable-next-line no-control-regex -- the colours
    const colour = /\u001b\[\d+m/;
    const seen = terminal('COLUMNS=100');
    expect(seen).toMatch(/█/);
    expect(seen).toMatch(colour);
    const plain = terminal('NO_COLOR=1');
    expect(plain).toMatch(/█/);
    expect(plain).not.toMatch(colour);
    const { out, err } = unroll(args.split(' '));
    expect(out + err).not.toMatch(escapes);
    expect(err).toMatch(/^step \d+\/150 /m);
  });

  it('reads JSON: every line of stdout parses, whatever happens', () => {
    const ends: readonly (readonly [args: readonly string[], code: number, last: object])[] = [
      [['train', 'story.txt', ...tiny, '--steps', '3'], 0, { event: 'done', reason: 'finished' }],
      [['train', 'missing.txt'], 3, { event: 'error', outcome: 'data', code: 3 }],
      [['train', 'story.txt', '--hiden', '3'], 2, { event: 'error', outcome: 'usage', code: 2 }],
      [['train', 'story.txt', ...tiny, '--steps', '9', '--lr', '1e30', '--clip', '0'], 5, { event: 'error', outcome: 'diverged', code: 5 }],
      [['train', 'story.txt', ...tiny, '--dry-run'], 0, { event: 'plan', recipe: 'text' }],
    ];
    for (const [args, code, last] of ends) {
      const ended = unroll([...args, '--json']);
      const lines = ended.out.trimEnd().split('\n').map((line) => JSON.parse(line) as object);
      expect([ended.code, lines.at(-1)]).toEqual([code, expect.objectContaining({ v: 1, ...last }) as object]);
    }
  });

  it('may ask for help at any time', () => {
    for (const name of Object.keys(commands)) expect(unroll([name, '--help'])).toMatchObject({ code: 0, err: '' });
    expect(unroll(['train', 'text', '--help']).out).toContain('--length');
  });
});

describe('model files', () => {
  it('may be links, and may not be folders, pipes or devices', () => {
    expect(unroll(['train', 'story.txt', ...tiny, '--steps', '3', '-q', '--run', 'run', '--out', 'model']).code).toBe(0);
    symlinkSync('model', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    cpSync(join(folder, 'run'), join(folder, 'copy'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (const name of ['link', 'copy', 'copy/last.safetensors']) expect(unroll(['sample', name, '--length', '3', '--seed', '1']).code).toBe(0);
    for (const name of ['dangling', '/dev/null', '/dev/zero', 'fifo', '.']) {
      const { code, out, err } = unroll(['sample', name]);
      expect({ name, code, out, lines: err.split('\n').length }).toEqual({ name, code: 4, out: '', lines: 2 });
    }
  });
});
