import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from './atomic.ts';
import { readText } from './read.ts';
import { checkTarget } from './target.ts';

let folder = '';
const before = process.cwd();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unroll-'));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('writeAtomically', () => {
  it('writes a new file and leaves nothing else behind', async () => {
    writeAtomically('model', bytes(1, 2, 3));
    expect([...(await readFile('model'))]).toEqual([1, 2, 3]);
    expect(await readdir('.')).toEqual(['model']);
  });

  it('replaces a file, with a new inode and the old permissions', async () => {
    await writeFile('model', 'old');
    await chmod('model', 0o640);
    const { ino } = await stat('model');
    writeAtomically('model', bytes(9));
    const now = await stat('model');
    expect([...(await readFile('model'))]).toEqual([9]);
    expect(now.mode & 0o777).toBe(0o640);
    expect(now.ino).not.toBe(ino);
  });

  it('leaves the old file, and no other, where it fails', async () => {
    await mkdir('model');
    await writeFile('model/old', 'old');
    expect(() => writeAtomically('model', bytes(9))).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(await readdir('.')).toEqual(['model']);
    expect(() => writeAtomically('nowhere/model', bytes(9))).toThrow('ENOENT');
  });
});

describe('readText', () => {
  it('reads UTF-8', async () => {
    await writeFile('a.txt', 'größer 🙂');
    expect(await readText('a.txt')).toBe('größer 🙂');
  });

  it('says what is wrong with the file, where, and what to do', async () => {
    await mkdir('folder');
    await writeFile('empty.txt', '');
    await writeFile('bom.txt', '\uFEFF');
    await writeFile('latin.txt', Buffer.from('first\nna\xefve\n', 'latin1'));
    await symlink('loop', 'loop');
    const told = async (path: string): Promise<unknown> => readText(path).catch((error: unknown) => (error as Error).message);
    expect(await told('missing.txt')).toBe('missing.txt: there is no such file; check the path');
    expect(await told('folder')).toBe('folder: it is a folder, not a file; name a file in it');
    expect(await told('empty.txt')).toBe('empty.txt: the file is empty; give it a text to learn from');
    expect(await told('bom.txt')).toBe('bom.txt: the file is empty; give it a text to learn from');
    expect(await told('latin.txt')).toBe('latin.txt: byte 8 (0xEF, line 2) is not valid UTF-8; save the file as UTF-8');
    expect(await told('loop')).toBe('loop: too many symbolic links; check the path');
    expect(await told('empty.txt/x')).toBe('empty.txt/x: a part of the path is not a folder; check the path');
  });
});

describe('where a model goes', () => {
  it('is looked at before the work begins', async () => {
    await mkdir('folder');
    await writeFile('file', '');
    await expect(checkTarget('model')).resolves.toBeUndefined();
    await expect(checkTarget('file')).resolves.toBeUndefined();
    await expect(checkTarget('missing/model')).rejects.toThrow('--out missing/model: folder missing: there is no such file; create it or choose another place');
    await expect(checkTarget('file/model')).rejects.toThrow('--out file/model: file is not a folder; choose another place');
    await expect(checkTarget('x'.repeat(255))).rejects.toThrow('folder .: the name is too long; create it or choose another place');
    expect((await readdir('.')).sort()).toEqual(['file', 'folder']);
    await expect(checkTarget('folder')).rejects.toThrow('--out folder: there is a folder of that name; add the name of a file');
  });
});
