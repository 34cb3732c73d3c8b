import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCase } from './cases.ts';
import { readData, valuesOf, writeData } from './data.ts';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'unroll-bench-test-')); });
afterEach(() => rmSync(folder, { recursive: true }));

describe('data', () => {
  const size = parseCase('gru-2x3x4x5x2');

  it('are PyTorch\'s parameters in its order, then inputs and targets', () => {
    writeData(size, join(folder, 'a'));
    const shapes = [...readData(size, join(folder, 'a'))].map(([name, { shape }]) => `${name} ${shape.join('x')}`);
    expect(shapes).toEqual([
      'weight_ih_l0 15x4', 'weight_hh_l0 15x5', 'bias_ih_l0 15', 'bias_hh_l0 15',
      'weight_ih_l1 15x5', 'weight_hh_l1 15x5', 'bias_ih_l1 15', 'bias_hh_l1 15',
      'inputs 3x2x4', 'targets 3x2x5',
    ]);
  });

  it('are the same each time, and lie in their ranges', () => {
    writeData(size, join(folder, 'a'));
    writeData(size, join(folder, 'b'));
    expect(readFileSync(join(folder, 'a'))).toEqual(readFileSync(join(folder, 'b')));
    const data = readData(size, join(folder, 'a'));
    const range = (name: string): number[] => { const { values } = valuesOf(data, name); return [Math.min(...values), Math.max(...values)]; };
    const [low = 0, high = 0] = range('weight_ih_l0');
    expect(low).toBeGreaterThan(-1 / Math.sqrt(5));
    expect(low).toBeLessThan(-0.3);
    expect(high).toBeGreaterThan(0.3);
    expect(Math.min(...range('targets'))).toBeGreaterThanOrEqual(0);
    expect(() => valuesOf(data, 'weight_ih_l2')).toThrow('no "weight_ih_l2"');
  });
});
