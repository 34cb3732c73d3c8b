import { describe, expect, it } from 'vitest';
import { allCases, defaultCases, parseCase } from './cases.ts';

describe('parseCase', () => {
  it('reads cell, sizes and mode, one layer and training unless said', () => {
    expect(parseCase('lstm-32x64x64x256')).toEqual({ name: 'lstm-32x64x64x256', cell: 'lstm', mode: 'train', batch: 32, time: 64, input: 64, hidden: 256, layers: 1 });
    expect(parseCase('gru-original-64x28x27x256x2-infer')).toEqual({ name: 'gru-original-64x28x27x256x2-infer', cell: 'gru-original', mode: 'infer', batch: 64, time: 28, input: 27, hidden: 256, layers: 2 });
  });

  it('reads streams, and steps that are computed again', () => {
    expect(parseCase('gru-1x1x64x64-stream')).toMatchObject({ mode: 'stream', name: 'gru-1x1x64x64-stream' });
    expect(parseCase('lstm-8x64x4x6-every16')).toMatchObject({ mode: 'train', every: 16, name: 'lstm-8x64x4x6-every16' });
  });

  it('gives equal cases one name', () => {
    expect(parseCase('rnn-1x2x3x4x1-train').name).toBe('rnn-1x2x3x4');
    for (const name of [...defaultCases, ...allCases]) expect(parseCase(name).name).toBe(name);
  });

  it.each(['lstm', 'lstm-1x2x3', 'lstm-1x2x3x4x5x6', 'lstm-0x2x3x4', 'mgu-1x2x3x4', 'lstm-1x2x3x4-test', 'toString-1x2x3x4'])('refuses %s', (name) => {
    expect(() => parseCase(name)).toThrow(`there is no case "${name}"`);
  });
});
