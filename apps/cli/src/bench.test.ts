import { expect, test } from 'vitest';
import { run } from './run.ts';
import { captureIo } from './testing.ts';

test('bench tasks solves a task of the papers, and says what they say of it', async () => {
  const io = captureIo();
  expect(await run(['bench', 'tasks', 'embedded', '--json'], io)).toBe(0);
  const result = JSON.parse(io.out) as Record<string, unknown>;
  expect(result).toMatchObject({ name: 'embedded-reber-lstm', seed: 0, solved: true, expected: true, score: 1, criterion: 'legal', published: { source: 'Hochreiter and Schmidhuber 1997, experiment 1' } });
  expect(result['sequences']).toBeLessThan(60_000);
});

test('bench tasks --list says which tasks there are, and an unknown one is refused', async () => {
  const io = captureIo();
  expect([await run(['bench', 'tasks', 'adding', '--list'], io), io.err]).toEqual([0, '']);
  expect(io.out.split('\n').map((line) => line.split(' ')[0])).toEqual(['adding-lstm', 'adding-gru', 'adding-rnn', '']);
  const other = captureIo();
  expect(await run(['bench', 'tasks', 'adddition'], other)).toBe(2);
  expect(other.err).toContain('error: there is no task adddition; there are adding-lstm, adding-gru,');
});

test('bench tasks ends when it is asked to', async () => {
  const io = captureIo({ tty: true });
  const ending = run(['bench', 'tasks', 'adding-lstm'], io);
  for (let turn = 0; turn < 2000 && !io.err.includes('updates'); turn++) await new Promise((resolve) => { setTimeout(resolve, 5); });
  io.stop('SIGINT');
  expect(await ending).toBe(130);
  expect(io.out.trimEnd().split('\n')).toHaveLength(1);
});
