import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../run.ts';
import { captureIo, storyFolder, type CapturedIo } from '../testing.ts';
import { nearest } from './nearest.ts';
import { recipes } from './recipes.ts';
import { configSchema } from './schema.ts';
import { runSpecs } from './shared.ts';

const schemaFolder = join(import.meta.dirname, '../../schema');

const { enter, leave } = storyFolder();
beforeEach(enter);
afterEach(leave);

async function unroll(...args: string[]): Promise<CapturedIo & { readonly code: number }> {
  const io = captureIo();
  return Object.assign(io, { code: await run(args, io) });
}

const tiny = { hidden: 6, layers: 1, embedding: 4, batch: 4, length: 8, steps: 3 };

describe('settings', () => {
  it('count as flags before a file before defaults, and say where they come from', async () => {
    await writeFile('mine.json', JSON.stringify({ $schema: 'x', recipe: 'text', data: 'story.txt', hidden: 7, lr: 0.5 }));
    const { code, out } = await unroll('train', '--config', 'mine.json', '--lr', '0.1', '--print-config');
    expect(code).toBe(0);
    expect(out).toMatch(/^data +\["story\.txt"\]$/m);
    expect(out).toMatch(/^hidden +7 +mine\.json$/m);
    expect(out).toMatch(/^lr +0\.1 +flag$/m);
    expect(out).toMatch(/^layers +2 +default$/m);
    const json = JSON.parse((await unroll('train', '--config', 'mine.json', '--print-config', '--json')).out) as { readonly settings: Readonly<Record<string, unknown>> };
    expect(json.settings).toMatchObject({ hidden: { value: 7, origin: 'mine.json' }, layers: { value: 2, origin: 'default' } });
  });

  it('come from unroll.json where it is there, and a run can be repeated from its own', async () => {
    await writeFile('unroll.json', JSON.stringify({ data: ['story.txt'], ...tiny }));
    expect((await unroll('config')).out).toMatch(/^hidden +6 +unroll\.json$/m);
    expect((await unroll('train', '--run', 'a')).code).toBe(0);
    await rm('unroll.json');
    expect((await unroll('train', '--config', 'a/config.json', '--run', 'b')).code).toBe(0);
    expect((await readFile('a/last.safetensors')).equals(await readFile('b/last.safetensors'))).toBe(true);
  });

  it('are refused with the file, the key and the nearest known one', async () => {
    const faults: readonly (readonly [content: string, message: string])[] = [
      ['{"hiden": 3}', 'c.json: there is no setting "hiden" (did you mean "hidden"?)'],
      ['{"evaluate-every": 3}', 'c.json: there is no setting "evaluate-every" (did you mean "evaluateEvery"?)'],
      ['{"hidden": "3"}', 'c.json: "hidden" must be a number, got "3"'],
      ['{"hidden": 0}', 'c.json: "hidden" must be a whole number of at least 1, got 0'],
      ['{"lr": 1e999}', 'c.json: "lr" must be a number above 0, got null'],
      ['{"optimizer": "adm"}', 'c.json: "optimizer" must be one of sgd, rmsprop, adagrad, adam, adamw, nadam, radam, got "adm"'],
      ['{"recipe": "txt"}', 'c.json: "recipe" must be one of text'],
      ['{"data": 3}', 'c.json: "data" must be a text or a list of texts, got 3'],
      ['[]', 'c.json: it must hold an object'],
      ['{"hidden": 3,\n"layers": }', 'c.json:2: this is no JSON'],
    ];
    for (const [content, message] of faults) {
      await writeFile('c.json', content);
      expect(await unroll('train', 'story.txt', '--config', 'c.json')).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`error: ${message}`) as string });
    }
    expect(await unroll('train', 'story.txt', '--config', 'none.json')).toMatchObject({ code: 2, err: expect.stringContaining('none.json: there is no such file') as string });
  });

  it('have one key each, and a schema that is published', async () => {
    for (const { specs } of Object.values(recipes)) {
      const keys = [...specs, ...runSpecs].map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
    expect(JSON.parse(await readFile(join(schemaFolder, 'config-1.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(configSchema())));
    expect(JSON.parse((await unroll('config', 'schema')).out)).toEqual(JSON.parse(JSON.stringify(configSchema())));
  });

  it.each(Object.keys(recipes))('have a file to begin with, for %s, which is accepted', async (name) => {
    expect((await unroll('init', name, 'story.txt')).code).toBe(0);
    const content = JSON.parse(await readFile('unroll.json', 'utf8')) as Readonly<Record<string, unknown>>;
    expect(content).toMatchObject({ recipe: name, data: ['story.txt'], $schema: expect.stringContaining('config-1.json') as string });
    expect((await unroll('train', '--print-config')).code).toBe(0);
    expect(await unroll('init', name)).toMatchObject({ code: 2, err: expect.stringContaining('unroll.json: there is such a file already') as string });
    expect((await unroll('init', name, '--force')).code).toBe(0);
    expect(JSON.parse((await unroll('init', name, '--out', '-')).out)).toMatchObject({ recipe: name });
  });
});

/** As much of JSON schema as ours uses. */
function fits(schema: Schema, value: unknown): boolean {
  if (schema.oneOf !== undefined) return schema.oneOf.filter((one) => fits(one, value)).length === 1;
  if (schema.const !== undefined) return value === schema.const;
  if (schema.enum !== undefined) return schema.enum.includes(value);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(type, value))) return false;
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity);
  if (Array.isArray(value)) return value.every((item) => fits(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return true;
  const known = schema.properties ?? {};
  const fields = Object.entries(value).every(([key, item]) => fits(known[key] ?? schema.additionalProperties ?? {}, item));
  return fields && (schema.required ?? []).every((key) => key in value);
}

interface Schema {
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  return typeof value === type && value !== null && !Array.isArray(value);
}

describe('the schema of events', () => {
  it('describes every line of --format json, and of the log', async () => {
    const schema = JSON.parse(await readFile(join(schemaFolder, 'events-1.json'), 'utf8')) as Schema;
    const flags = Object.entries(tiny).flatMap(([key, value]) => [`--${key}`, String(value)]);
    const outputs = [
      (await unroll('train', 'story.txt', ...flags, '--evaluate-every', '1', '--sample-every', '2', '--patience', '1', '--run', 'run', '--out', 'model', '--json')).out,
      await readFile('run/log.jsonl', 'utf8'),
      (await unroll('train', 'story.txt', ...flags, '--dry-run', '--json')).out,
      (await unroll('train', 'missing.txt', '--json')).out,
      (await unroll('train', 'story.txt', ...flags, '--lr', '1e30', '--clip', '0', '--steps', '9', '--run', 'bad', '--json')).out,
    ];
    const lines = outputs.flatMap((output) => output.trimEnd().split('\n')).map((line) => JSON.parse(line) as { readonly event: string });
    for (const line of lines) expect({ line, fits: fits(schema, line) }).toEqual({ line, fits: true });
    expect([...new Set(lines.map(({ event }) => event))].sort()).toEqual(['checkpoint', 'done', 'error', 'eval', 'plan', 'sample', 'start', 'step']);
    expect((schema.oneOf ?? []).map(({ properties }) => String(properties?.['event']?.const)).sort()).toEqual(['checkpoint', 'done', 'download', 'early_stop', 'error', 'eval', 'plan', 'sample', 'start', 'step', 'warning']);
    expect(fits(schema, { v: 1, event: 'step', t: 0, step: 1, epoch: 0, loss: '3', gradNorm: 1, lr: 1, tokens: 1 })).toBe(false);
  });
});

describe('nearest', () => {
  it('finds what was meant, and nothing where nothing was', () => {
    expect(nearest('hiden', ['hidden', 'holdout'])).toBe('hidden');
    expect(nearest('claer', ['clear', 'cellar'])).toBe('clear');
    expect(nearest('zzzz', ['hidden', 'holdout'])).toBeUndefined();
    expect(nearest('', ['hidden'])).toBeUndefined();
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s knows commands, options and choices', async (shell) => {
    const { code, out } = await unroll('completion', shell);
    expect(code).toBe(0);
    for (const word of ['train', 'inspect', 'completion', 'evaluate-every', 'nadam', 'lstm-peephole']) expect(out).toContain(word);
  });

  it('works in bash', async () => {
    await writeFile('complete.sh', (await unroll('completion', 'bash')).out);
    const complete = (...words: string[]): string[] => {
      const script = `source ./complete.sh; COMP_WORDS=(unroll ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _unroll; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      expect(stderr).toBe('');
      return stdout.trim().split('\n');
    };
    expect(complete('tr')).toEqual(['train']);
    expect(complete('train', '--hid')).toEqual(['--hidden']);
    expect(complete('train', '--optimizer', 'ad')).toEqual(['adagrad', 'adam', 'adamw']);
    expect(complete('train', 'sto')).toEqual(['story.txt']);
    expect(complete('completion', 'z')).toEqual(['zsh']);
  });
});
