import type { Io } from '../io.ts';
import { count, duration, loss, rate } from './format.ts';
import type { Progress } from './meter.ts';
import { sparkline } from './sparkline.ts';
import { painter, type Paint } from './style.ts';

/** Milliseconds between two drawings of the status line. */
const redraw = 100;
/** Off a terminal: a line each so many milliseconds, or each so great a share of the whole. */
const plainInterval = 10_000;
const plainShare = 0.05;

const sparkCells = 24;

/**
 * Shows progress on stderr: on a terminal one line that is redrawn, elsewhere plain lines, few enough for a log file.
 * Messages go through `say`, so that they do not tear the line.
 */
export class Status {
  readonly #io: Io;
  readonly #paint: Paint;
  #shown = '';
  #last: { time: number; step: number } | undefined;

  constructor(io: Io) {
    this.#io = io;
    this.#paint = painter(io, io.stderr);
  }

  /** Shows `progress` if it is time to, or if it is the last that there will be. */
  update(progress: Progress, last: boolean = false): void {
    const time = this.#io.now();
    const { step, steps } = progress;
    if (!last && step < steps && !this.#isDue(time, step, steps)) return;
    if (!this.#io.stderr.isTTY && this.#last?.step === step) return;
    this.#last = { time, step };
    if (this.#io.stderr.isTTY) this.#draw(statusLine(progress, this.#io.stderr.columns - 1, this.#paint));
    else this.#io.stderr.write(`${plainLine(progress)}\n`);
  }

  /** Prints a line of its own. */
  say(line: string): void {
    const shown = this.#shown;
    this.#draw('');
    this.#io.stderr.write(`${line}\n`);
    this.#draw(shown);
  }

  /** Shows a line that the next one replaces, where there is a terminal; elsewhere, or where it is the last of its kind, it stays. */
  note(line: string, last: boolean): void {
    const time = this.#io.now();
    if (!this.#io.stderr.isTTY || last) this.say(line);
    else if (this.#last === undefined || time - this.#last.time >= redraw) {
      this.#last = { time, step: 0 };
      this.#draw(line.slice(0, this.#io.stderr.columns - 1));
    }
    if (last) this.#draw('');
  }

  /** Leaves the last line standing and goes on below it. */
  end(): void {
    if (this.#shown !== '') this.#io.stderr.write('\n');
    this.#shown = '';
  }

  #isDue(time: number, step: number, steps: number): boolean {
    if (this.#last === undefined) return true;
    if (this.#io.stderr.isTTY) return time - this.#last.time >= redraw;
    return time - this.#last.time >= plainInterval || (step - this.#last.step) / steps >= plainShare;
  }

  #draw(line: string): void {
    // Erase to the right after the text, not the line before it: nothing flickers.
    if (line !== '' || this.#shown !== '') this.#io.stderr.write(`\r${line}\u001b[K`);
    this.#shown = line;
  }
}

/** Progress in `columns` cells: first the bar and the gaps shrink, then what is least needed is left out. */
export function statusLine(progress: Progress, columns: number, paint: Paint): string {
  for (const { gap, bar, rank } of layouts) {
    const parts = partsOf(progress, bar).filter((part) => part.rank <= rank);
    const width = parts.reduce((sum, { text }) => sum + text.length, gap * (parts.length - 1));
    if (width <= columns) return parts.map(({ text, role }) => (role === undefined ? text : paint(role, text))).join(' '.repeat(gap));
  }
  return `loss ${loss(progress.loss)}`.slice(0, Math.max(0, columns));
}

/** Progress as a line for a file: ASCII, no escape codes. */
export function plainLine({ step, steps, loss: nats, tokensPerSecond, secondsLeft }: Progress): string {
  const share = Math.floor((100 * step) / steps);
  return `step ${step}/${steps} (${share}%), loss ${loss(nats)}, ${rate(tokensPerSecond)} tokens/s, ${duration(secondsLeft)} left`;
}

interface Part {
  /** What is above the rank of a layout is left out of it. */
  readonly rank: number;
  readonly text: string;
  readonly role?: 'accent' | 'strong';
}

interface Layout {
  /** Cells between the parts. */
  readonly gap: number;
  /** Cells of the bar. */
  readonly bar: number;
  readonly rank: number;
}

/** From the roomiest to the tightest. */
const layouts: readonly Layout[] = [
  ...[2, 1].flatMap((gap) => [20, 16, 12, 10, 8, 6].map((bar) => ({ gap, bar, rank: 5 }))),
  ...[4, 3, 2, 1, 0].map((rank) => ({ gap: 2, bar: 0, rank })),
];

function partsOf(progress: Progress, barCells: number): readonly Part[] {
  const { step, steps } = progress;
  const done = Math.round((step / steps) * barCells);
  const parts: readonly Part[] = [
    { rank: 5, text: '█'.repeat(done) + '░'.repeat(barCells - done), role: 'accent' },
    { rank: 1, text: `${count(step)}/${count(steps)}` },
    { rank: 0, text: `loss ${loss(progress.loss)}`, role: 'strong' },
    { rank: 3, text: `${rate(progress.tokensPerSecond)} tokens/s` },
    { rank: 2, text: `${duration(progress.secondsLeft)} left` },
    { rank: 4, text: sparkline(progress.losses, sparkCells), role: 'accent' },
  ];
  return parts.filter(({ text }) => text !== '');
}
