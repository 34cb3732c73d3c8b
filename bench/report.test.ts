import { expect, it } from 'vitest';
import { parseCase } from './cases.ts';
import type { Row } from './measure.ts';
import { markdown, type Report } from './report.ts';
import { summarise } from './statistics.ts';

const row: Row = { system: 'unroll', about: 'wasm', prepareMs: 20, firstMs: 170, losses: [0.5, 0.4], time: summarise([90, 89, 91]), crowding: 1, samples: [90, 89, 91] };
const report: Report = {
  machine: { processor: 'Abacus', cores: 2, platform: 'linux x64', node: '20.20.2', loadBefore: 0.5, peakGflops: 64.5 },
  pinned: 'pinned to core 1',
  rounds: 3,
  missing: [{ name: 'pytorch', reason: 'no Python with torch' }],
  warnings: ['a slow library'],
  cases: [
    { case: parseCase('lstm-1x2x3x4'), rows: [row, { ...row, system: 'slow', time: summarise([2000]), theirsOverOurs: summarise([22.222]) }, { ...row, system: 'other', disagreement: 'its loss is 1' }] },
    { case: parseCase('gru-1x2x3x4'), rows: [row, { system: 'slow', failure: 'took longer than 120 s' }] },
  ],
  families: [],
  flat: [],
};

it('says what is missing before anything else', () => {
  expect(markdown(report).split('\n').slice(0, 4)).toEqual(['**MISSING: pytorch** - no Python with torch.', '', '**CAUTION:** a slow library.', '']);
});

it('makes a table with a row for each case and a column for each system', () => {
  expect(markdown(report).split('\n').filter((line) => line.startsWith('|'))).toEqual([
    '| case | unroll | slow | other |',
    '| --- | ---: | ---: | ---: |',
    '| lstm-1x2x3x4 | 90 ms ±0.56 % | 2 s ±0 % (**22.2x**) | 90 ms ±0.56 %, OTHER WORK |',
    '| gru-1x2x3x4 | 90 ms ±0.56 % | CANNOT | - |',
  ]);
});

it('says below the table why a system was not compared', () => {
  expect(markdown(report)).toContain('- lstm-1x2x3x4: other (wasm): 3 rounds, 89 ms to 91 ms; ready in 20 ms, first repetition 170 ms; **OTHER WORK**: its loss is 1');
  expect(markdown(report)).toContain('- gru-1x2x3x4: **slow CANNOT**: took longer than 120 s');
});
