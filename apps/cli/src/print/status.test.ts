import { describe, expect, it } from 'vitest';
import { captureIo, type CapturedIo } from '../testing.ts';
import type { Progress } from './meter.ts';
import { plainLine, Status, statusLine } from './status.ts';

const plain = (_: string, text: string): string => text;

function progressAt(step: number, steps = 400): Progress {
  const losses = Array.from({ length: step }, (_, k) => 4 - k / 100);
  return { step, steps, loss: 1.5, losses, tokensPerSecond: 81_234, secondsLeft: 65 };
}

describe('statusLine', () => {
  it('has bar, step, loss, speed, time left and sparkline', () => {
    expect(statusLine(progressAt(100), 100, plain)).toBe('█████░░░░░░░░░░░░░░░  100/400  loss 1.500  81.2k tokens/s  1:05 left  ██▇▇▇▆▆▆▆▅▅▅▄▄▄▃▃▃▃▂▂▂▁▁');
  });

  it('has all of it in 80 columns', () => {
    expect(statusLine({ ...progressAt(100), step: 1234, steps: 4000 }, 79, plain)).toBe(
      '██░░░░ 1,234/4,000 loss 1.500 81.2k tokens/s 1:05 left ██▇▇▇▆▆▆▆▅▅▅▄▄▄▃▃▃▃▂▂▂▁▁',
    );
  });

  it('leaves out what is least needed, and never runs over the edge', () => {
    for (let columns = 1; columns < 110; columns += 1) expect(statusLine(progressAt(100), columns, plain).length).toBeLessThanOrEqual(columns);
    expect(statusLine(progressAt(100), 74, plain)).toBe('100/400  loss 1.500  81.2k tokens/s  1:05 left  ██▇▇▇▆▆▆▆▅▅▅▄▄▄▃▃▃▃▂▂▂▁▁');
    expect(statusLine(progressAt(100), 50, plain)).toBe('100/400  loss 1.500  81.2k tokens/s  1:05 left');
    expect(statusLine(progressAt(100), 20, plain)).toBe('100/400  loss 1.500');
    expect(statusLine(progressAt(100), 4, plain)).toBe('loss');
  });

  it('is full at the end and empty at the start', () => {
    expect(statusLine(progressAt(400), 100, plain).slice(0, 20)).toBe('█'.repeat(20));
    expect(statusLine(progressAt(0), 100, plain).slice(0, 20)).toBe('░'.repeat(20));
  });
});

describe('plainLine', () => {
  it('is ASCII', () => {
    expect(plainLine(progressAt(100))).toBe('step 100/400 (25%), loss 1.500, 81.2k tokens/s, 1:05 left');
  });
});

function train(io: CapturedIo, steps: number, millisecondsPerStep: number): void {
  const status = new Status(io);
  for (let step = 1; step <= steps; step += 1) {
    io.advance(millisecondsPerStep);
    status.update(progressAt(step, steps));
  }
  status.end();
}

describe('Status off a terminal', () => {
  it('prints a line each twentieth of a short training', () => {
    const io = captureIo();
    train(io, 1000, 1);
    const lines = io.err.trimEnd().split('\n');
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^step 1\/1000/);
    expect(lines.at(-1)).toMatch(/^step 1000\/1000 \(100%\)/);
  });

  it('prints a line each ten seconds of a long one', () => {
    const io = captureIo();
    train(io, 1000, 500);
    const lines = io.err.trimEnd().split('\n');
    expect(lines.map((line) => Number(/\d+/.exec(line)?.[0])).slice(0, 4)).toEqual([1, 21, 41, 61]);
  });

  it('has no escape codes and no carriage returns', () => {
    const io = captureIo();
    train(io, 300, 50);
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(io.err).not.toMatch(/[\u001b\r]/);
    expect(io.out).toBe('');
  });
});

describe('Status on a terminal', () => {
  it('redraws one line, at most ten times a second', () => {
    const io = captureIo({ tty: true, columns: 100, env: { NO_COLOR: '1' } });
    train(io, 1000, 5);
    expect(io.err.split('\r').length - 1).toBeLessThanOrEqual(52);
    expect(io.err.match(/\n/g)).toHaveLength(1);
    expect(io.err.endsWith('\n')).toBe(true);
  });

  it('is coloured, unless NO_COLOR says otherwise', () => {
    // oxlint-disable-next-line no-control-regex -- escape codes are what this is about
    const colours = /\u001b\[\d+m/;
    const io = captureIo({ tty: true, columns: 100 });
    train(io, 10, 1000);
    expect(io.err).toMatch(colours);
    const without = captureIo({ tty: true, columns: 100, env: { NO_COLOR: '1' } });
    train(without, 10, 1000);
    expect(without.err).not.toMatch(colours);
  });

  it('puts messages above the line', () => {
    const io = captureIo({ tty: true, columns: 40, env: { NO_COLOR: '1' } });
    const status = new Status(io);
    status.say('before');
    status.update(progressAt(1));
    status.say('saved');
    const line = '1/400  loss 1.500  1:05 left';
    expect(io.err).toBe(`before\n\r${line}\u001b[K\r\u001b[Ksaved\n\r${line}\u001b[K`);
  });
});
