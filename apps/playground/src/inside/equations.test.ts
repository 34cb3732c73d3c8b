import { cellFromText, cells, latexOf, type CellName } from '@unroll/cells';
import type { DiagramLayout } from '@unroll/diagram';
import { expect, test } from 'vitest';
import type { CellChoice } from '../config/config.ts';
import { pictureOf } from '../training/picture.ts';
import type { DataInfo, Trace } from '../training/protocol.ts';
import { insideWords, type InsideKey } from '../words/inside.ts';
import { anatomyOf } from './anatomy.ts';
import { checked, equationsOf, mathml, same } from './equations.ts';
import { titleOf } from './names.ts';
import { presetsFor } from './presets.ts';
import { readingOf, stepEnding } from './reading.ts';

test('a fault knows its token', () => {
  const text = 'f = sigmoid(W_f x + R_f h + b_f)\nh = sigmiod(f) * h';
  const { fault } = checked(text);
  expect(text.slice(fault?.start, fault?.end)).toBe('sigmiod');
  expect(fault?.message).toMatch(/^there is no function.*did you mean "sigmoid"/);
  expect(fault?.message).not.toContain('\n');
});

test.each(['', 'h', 'h = ', 'h = tanh(', '\n\n= 3', 'h = h', 'x = W_x x', 'h = W_h x +', '😀 = 1', 'state q'])('what is no cell is a fault within the text: %j', (text) => {
  const { fault, cell } = checked(text);
  if (cell !== undefined) return expect(cell.state.length).toBeGreaterThan(0);
  expect(fault?.start).toBeGreaterThanOrEqual(0);
  expect(fault?.end).toBeLessThanOrEqual(Math.max(1, text.length + 1));
  expect(fault?.message.length).toBeGreaterThan(10);
});

test.each(Object.keys(cells) as CellName[])('%s as text is the cell again', (name) => {
  const { cell } = checked(equationsOf({ cell: name }));
  expect(cell?.state).toEqual(cells[name].state);
  expect(cell?.values.map((value) => value.name)).toEqual(cells[name].values.map((value) => value.name));
  expect(presetsFor(name).length).toBeGreaterThan(3);
});

test('every preset is a cell, differs from its neighbours, and the first is what comes with the library', () => {
  for (const name of ['rnn', 'gru', 'lstm'] as const) {
    const presets = presetsFor(name);
    for (const { text } of presets) expect(checked(text).fault).toBeUndefined();
    expect(new Set(presets.map(({ text }) => text)).size).toBe(presets.length);
    expect(same(presets[0]?.text ?? '', equationsOf({ cell: name }))).toBe(true);
  }
  expect(presetsFor('custom', { states: 2, gates: 4 })).toBe(presetsFor('lstm'));
  expect(presetsFor('custom', { states: 1, gates: 3 })).toBe(presetsFor('gru'));
  expect(presetsFor('custom')).toBe(presetsFor('rnn'));
});

test('dropping the forget gate drops it, adding peepholes adds them', () => {
  const by = (word: string) => cellFromText(presetsFor('lstm').find((preset) => preset.word === word)?.text ?? '');
  expect(by('preset.noForget').inputGates).toEqual(['i', 'g', 'o']);
  expect(by('preset.peepholes').vectors).toEqual(['p_i', 'p_f', 'p_o']);
});

test('spaces and comments make no difference', () => {
  expect(same('h = tanh( W_h x )  # now\n\n', 'h=tanh(W_h x)')).toBe(true);
  expect(same('h = 1', 'h = 2')).toBe(false);
});

test('formulas are MathML, and nothing of a name gets through as markup', async () => {
  expect(await mathml(latexOf(cells.rnn))).toMatch(/^<span class="katex"><math/);
  expect(await mathml('\\href{javascript:alert(1)}{x} <img src=x onerror=alert(1)>')).not.toMatch(/<img|href="javascript/);
});

test('values are called by their names, or by what they are made of', async () => {
  const lay = async (choice: CellChoice): Promise<DiagramLayout> => pictureOf(choice);
  const { graph, conveyors } = await anatomyOf({ cell: 'gru' }, lay);
  expect(titleOf(graph, conveyors[0]?.kept[0] ?? '')).toBe('z');
  expect(titleOf(graph, conveyors[0]?.added[0] ?? '')).toBe('(1 − z) × n');
  expect(titleOf((await anatomyOf({ cell: 'lstm' }, lay)).graph, 'state c')).toBe('cₜ₋₁');
  expect(titleOf(graph, 'nothing')).toBe('');
});

const data: DataInfo = { inputs: 'ids', targets: 'classification', per: 'step', inputSymbols: ['a', ' '], targetSymbols: ['a', 'b'], baseline: 1, floor: 0, sequences: 1, text: false, series: false };
const trace: Trace = { step: 0, length: 2, hidden: 1, inputs: Int32Array.of(1, 0), inputSize: 2, targets: Int32Array.of(-100, 1), outputs: Float32Array.of(0.5, 0.5, 0.2, 0.8), outputSize: 2, values: {} };

test('what is read and said at a step', () => {
  expect(readingOf(trace, data, 0)).toEqual({ key: 'reading', values: { input: '“␣”' } });
  expect(readingOf(trace, data, 1)).toEqual({ key: 'readingAsked', values: { input: '“a”', target: '“b”', output: '“b”', sure: 80 } });
  expect(readingOf({ ...trace, targets: Int32Array.of(0) }, { ...data, per: 'sequence' }, 0).key).toBe('reading');
  expect(readingOf({ ...trace, targets: Int32Array.of(0) }, { ...data, per: 'sequence' }, 1).values).toMatchObject({ target: '“a”' });
  expect(readingOf({ ...trace, inputs: Float32Array.of(1, 2, 3, 4), outputs: Float32Array.of(0.5, 0.25) , outputSize: 1 }, { ...data, inputs: 'values', targets: 'regression' }, 1)).toEqual({ key: 'readingValues', values: { input: '3.0, 4.0', output: '0.25' } });
});

test('both languages fill in the same things, and no sentence is left in English', () => {
  const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name as string).toSorted();
  for (const [key, english] of Object.entries(insideWords.en)) {
    const korean = insideWords.ko[key as InsideKey];
    expect([key, ...holes(korean)]).toEqual([key, ...holes(english)]);
    if (!['savePng', 'saveSvg'].includes(key)) expect(`${key}: ${korean}`).toMatch(/\p{Script=Hangul}/u);
  }
});

test('a step is found by what was read up to it', () => {
  const read = [...'lo hello hello'];
  expect(stepEnding(read, 'hel')).toBe(5);
  expect(stepEnding(read, 'hell')).toBe(6);
  expect(stepEnding(read, 'x')).toBeUndefined();
});
