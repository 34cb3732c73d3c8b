import { SafetensorsError } from '@unroll/interop';
import { DataError } from '@unroll/datasets';
import { describe, expect, it } from 'vitest';
import { CliError, complaint, exitCodes, oneLine, reportOf } from './errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, open 'x'`), { code, syscall: 'open' });
}

describe('exit codes', () => {
  it('are all different, and zero is success alone', () => {
    const codes = Object.values(exitCodes);
    expect(new Set(codes).size).toBe(codes.length);
    expect(exitCodes.ok).toBe(0);
  });
});

describe('reportOf', () => {
  it('takes the word of an error that was made for the user', () => {
    expect(reportOf(new CliError('checkpoint', 'x.safetensors: damaged'))).toEqual({ outcome: 'checkpoint', line: 'x.safetensors: damaged' });
  });

  it('keeps lines that show a place, and what stands where in them', () => {
    expect(reportOf(new CliError('data', 'a.txt:1:3: wrong', ['  a\tb\u001b[0m', '   ^']))).toEqual({ outcome: 'data', line: 'a.txt:1:3: wrong', excerpt: ['  a\uFFFDb\uFFFD[0m', '   ^'] });
  });

  it('knows what the errors of the packages mean', () => {
    expect(reportOf(new DataError('empty-text', 'empty')).outcome).toBe('data');
    expect(reportOf(new SafetensorsError('HeaderTooSmall', 'short')).outcome).toBe('checkpoint');
    expect(reportOf(systemError('ENOSPC')).outcome).toBe('runtime');
  });

  it('admits that it did not expect anything else, without a stack', () => {
    const { outcome, line } = reportOf(new RangeError('boom\n    at nowhere'));
    expect(outcome).toBe('runtime');
    expect(line).toBe('unexpected error: boom at nowhere; set DEBUG=unroll to see where it came from');
    expect(reportOf('text').line).toContain('text');
  });
});

describe('oneLine', () => {
  it('joins lines and shows control characters', () => {
    expect(oneLine(' a\r\n  b\n')).toBe('a b');
    expect(oneLine('\u001b[31mred\u0007')).toBe(String.raw`\x1b[31mred\x07`);
  });
});

describe('complaint', () => {
  it('says in words what the system says in letters', () => {
    expect(complaint(systemError('ENOENT'))).toBe('there is no such file');
    expect(complaint(systemError('EWHATEVER'))).toBe("EWHATEVER: something, open 'x'");
    expect(complaint(new Error('plain'))).toBe('plain');
  });
});
