import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { captureIo } from './testing.ts';

/** Files that a checkpoint reader must refuse, each kind of damage a row, and those that it must take; as the command tells it. */

let folder = '';
const before = process.cwd();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unroll-refusal-'));
  process.chdir(folder);
});

afterAll(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const length = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
/** A file of that header, with its true length, and data. */
const file = (header: string | Uint8Array, data = 0): Uint8Array => {
  const bytes = typeof header === 'string' ? utf8(header) : header;
  return joined(length(BigInt(bytes.length)), bytes, Buffer.alloc(data));
};
const one = (info: string, data = 16): Uint8Array => file(`{"w":${info}}`, data);
const f32 = (shape: string, offsets: string): string => `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;
const many = (count: number): string => `{${Array.from({ length: count }, (_, k) => `"t${k}":${f32('[2,2]', '[0,16]')}`).join()}}`;

const refused: Readonly<Record<string, readonly Uint8Array[]>> = {
  '1 shorter than a length': [0, 1, 7].map((size) => Buffer.alloc(size)),
  '2 a header that is not there': [length(60n)],
  '3 a length that is too large': [0xffffff000000003cn, 100_000_001n, 2n ** 63n, 2n ** 64n - 1n].map((value) => joined(length(value), utf8('{}'))),
  '4 a length beyond the file': [joined(length(1000n), utf8('{}'))],
  '5 no UTF-8': [file(Uint8Array.of(0xff)), file(joined(utf8('{"'), Uint8Array.of(0xc0, 0xaf), utf8(`":${f32('[2,2]', '[0,16]')}}`)), 16), file(joined(Uint8Array.of(0xef, 0xbb, 0xbf), utf8('{}')))],
  '6 no object of JSON': ['{', '[]', 'null', '{"a":1}', '{"w":{},}', '{} // so', '{"w":NaN}', "{'w':1}", ''].map((header) => file(header)),
  '7 ten tensors in one place': [file(many(10), 16)],
  '8 100,000 tensors in one place': [file(many(100_000), 16)],
  '9 gaps, overlaps and offsets out of the file': [
    one(f32('[2]', '[4,12]')), file(`{"a":${f32('[1]', '[0,4]')},"b":${f32('[1]', '[8,12]')}}`, 12), one(f32('[2]', '[8,0]')), one(f32('[8]', '[0,32]')), one(f32('[1]', '[-4,0]')), one(f32('[1]', '[0]')),
  ],
  '10 bytes too many, or too few': [one(f32('[2,2]', '[0,16]'), 19), one(f32('[2,2]', '[0,16]'), 14)],
  '11 a shape that does not fit': [one('{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}', 4)],
  '12 shapes beyond all numbers': ['[2,18446744073709551614]', '[2,9223372036854775807]', '[1099511627776,1099511627776]'].map((shape) => one(f32(shape, '[0,16]'))),
  '13 offsets that are no whole numbers': ['[0,9007199254740993]', '[0,16.0]', '[0,1.6e1]', '[-0,16]', '[0,"16"]', '[false,16]'].map((offsets) => one(f32('[2,2]', offsets))),
  '14 the same key twice': [
    file(`{"w":${f32('[2]', '[0,8]')},"w":${f32('[2]', '[8,16]')}}`, 16), one('{"dtype":"F32","dtype":"F32","shape":[2,2],"data_offsets":[0,16]}'),
    file('{"__metadata__":{},"__metadata__":{}}'), file(`{"a":${f32('[2]', '[0,8]')},"\\u0061":${f32('[2]', '[8,16]')}}`, 16),
  ],
  '15 metadata that are no texts': ['1', 'null', '{"b":"c"}', '["x"]'].map((value) => file(`{"__metadata__":{"a":${value}}}`)),
  '16 unknown types, missing and further keys': [
    one('{"dtype":"F12","shape":[2,2],"data_offsets":[0,16]}'), one('{"dtype":"F4","shape":[3],"data_offsets":[0,2]}', 2), one('{"dtype":"F32","shape":[2,2]}'),
    one('{"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"more":1}'),
  ],
  '17 half of a surrogate pair as a name': [file(`{"\\ud800":${f32('[2,2]', '[0,16]')}}`, 16)],
  '18 a million brackets': [file('['.repeat(1e6)), file(`{"w":${'{"a":'.repeat(1e5)}`)],
};

const accepted: Readonly<Record<string, Uint8Array>> = {
  'nothing, and white space behind': file('{} \t\r\n'),
  'white space before': file('\t\n {}'),
  'a tensor of no numbers': one(f32('[2,0]', '[0,0]'), 0),
  'a single number': one(f32('[]', '[0,4]'), 4),
  'an odd place in the file': file(`{"w":${f32('[1]', '[0,4]')}} `, 4),
  'NaN': joined(one(f32('[1]', '[0,4]'), 0), Uint8Array.of(0xff, 0xff, 0xff, 0x7f)),
  'names that are traps elsewhere': file(`{"__proto__":${f32('[1]', '[0,4]')},"constructor":${f32('[1]', '[4,8]')},"":${f32('[1]', '[8,12]')}}`, 12),
  'a name of a megabyte': file(`{"${'n'.repeat(1e6)}":${f32('[1]', '[0,4]')}}`, 4),
};

async function unroll(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const io = captureIo();
  const code = await run(args, io);
  return { code, out: io.out, err: io.err };
}

describe('a checkpoint is refused', () => {
  it.each(Object.entries(refused))('where it has: %s', async (_, contents) => {
    for (const content of contents) {
      await writeFile('model.safetensors', content);
      for (const args of [['sample', 'model.safetensors'], ['inspect', 'model.safetensors']]) {
        const { code, out, err } = await unroll(...args);
        expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 4, out: '', lines: 2 });
        expect(err).toMatch(/^error: model\.safetensors: \S/);
        expect(err).not.toMatch(/unexpected|RangeError|TypeError| at .*:\d+:\d+/);
      }
    }
  });

  it('19 where it is no file that can be read', async () => {
    await mkdir('folder');
    await symlink('loop', 'loop');
    await symlink('nowhere', 'dangling');
    execFileSync('mkfifo', ['fifo']);
    for (const name of ['folder', 'loop', 'dangling', 'fifo', 'missing', '/dev/zero']) {
      const { code, out, err } = await unroll('inspect', name);
      expect({ name, code, out, lines: err.split('\n').length }).toEqual({ name, code: 4, out: '', lines: 2 });
      expect(err).toContain(`error: ${name}`);
    }
  });
});

describe('a file of parameters is taken', () => {
  it.each(Object.entries(accepted))('where it has: %s', async (_, content) => {
    await writeFile('fine.safetensors', content);
    const { code, err } = await unroll('inspect', 'fine.safetensors');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(({} as Readonly<Record<string, unknown>>)['shape']).toBeUndefined();
    // It is no model of ours, though.
    expect(await unroll('sample', 'fine.safetensors')).toMatchObject({ code: 4, err: expect.stringContaining('not a model that `unroll train` saved') as string });
  });
});
