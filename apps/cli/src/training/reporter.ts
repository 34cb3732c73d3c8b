import type { Io } from '../io.ts';
import type { Format } from '../output.ts';
import { bytes, commandName, count, duration, quoted } from '../print/format.ts';
import { Meter } from '../print/meter.ts';
import { Status } from '../print/status.ts';
import { eventLine, type DoneEvent, type PlanEvent, type StartEvent, type StepEvent, type TrainingEvent } from './events.ts';
import { planLines } from './plan-lines.ts';

/** Tells a person, or a program, how a training goes. */
export class Reporter {
  readonly #io: Io;
  readonly #format: Format;
  readonly #status: Status;
  #meter: Meter | undefined;
  #start: StartEvent | undefined;
  #last: TrainingEvent | undefined;
  #step = 0;
  /** What was measured last, in words. */
  #measured: string | undefined;
  #downloading: string | undefined;

  constructor(io: Io, format: Format) {
    this.#io = io;
    this.#format = format;
    this.#status = new Status(io);
  }

  /** Whether there is something to save. */
  get hasBegun(): boolean { return this.#start !== undefined; }
  /** The event heard last. */
  get last(): TrainingEvent | undefined { return this.#last; }

  /** Takes an event in. */
  hear(event: TrainingEvent): void {
    this.#last = event;
    // What went wrong is told by whoever ends the process.
    if (this.#format === 'json' && event.event !== 'error') this.#io.stdout.write(eventLine(event));
    (this.#tellers[event.event] as (event: TrainingEvent) => void)(event);
  }

  /** Prints a message of its own line. */
  say(line: string): void {
    this.#status.say(line);
  }

  end(): void {
    this.#status.end();
  }

  readonly #tellers: { readonly [Kind in TrainingEvent['event']]: (event: Extract<TrainingEvent, { readonly event: Kind }>) => void } = {
    start: (event) => this.#begin(event),
    step: (event) => this.#advance(event),
    eval: ({ step, about, best }) => {
      this.#measured = about;
      if (step < (this.#start?.steps ?? 0) || (best && this.#start?.recipe !== 'text')) this.say(`step ${count(step)}: ${about}${best ? ', the best so far' : ''}`);
    },
    sample: ({ step, text }) => this.say(`step ${count(step)}:\n${text.split('\n').map((line) => `  | ${printable(line)}`).join('\n')}`),
    checkpoint: ({ role, path, bytes: size }) => {
      if (role === 'out') this.say(`saved ${path} (${bytes(size)})`);
    },
    early_stop: ({ step, reason }) => this.say(reason === 'target' ? `step ${count(step)}: the target is reached` : `step ${count(step)}: no better for a while, so this is the end`),
    warning: ({ message }) => this.say(`warning: ${message}`),
    download: ({ file, received, total }) => this.#download(file, received, total),
    plan: (event) => this.#plan(event),
    done: (event) => this.#done(event),
    error: () => undefined,
  };

  #begin(event: StartEvent): void {
    this.#start = event;
    this.#step = event.step;
    this.#meter = new Meter(event.steps, this.#io.now, event.step);
    for (const line of event.about) this.say(line);
    if (event.resumed !== null) this.say(`going on from step ${count(event.step)} of ${event.resumed}`);
    this.say(`on ${event.backend}${event.run === null ? '' : `; everything is kept in ${event.run}`}`);
  }

  #advance({ step, loss, tokens }: StepEvent): void {
    this.#meter?.add(loss, tokens, step - this.#step);
    this.#step = step;
    if (this.#meter !== undefined) this.#status.update(this.#meter.progress);
  }

  #download(file: string, received: number, total: number): void {
    if (received < total && this.#downloading === file && !this.#io.stderr.isTTY) return;
    if (received === total && this.#downloading !== file) return;
    this.#status.note(`fetching ${file}: ${bytes(received)} of ${bytes(total)}`, received === total);
    this.#downloading = received === total ? undefined : file;
  }

  #plan(event: PlanEvent): void {
    if (this.#format === 'json') return;
    for (const line of event.about) this.say(line);
    this.#io.stdout.write(planLines(event).map((line) => `${line}\n`).join(''));
  }

  #done({ reason, step, seconds, run, model }: DoneEvent): void {
    const steps = this.#start?.steps ?? 0;
    if (this.#meter !== undefined && this.#step > (this.#start?.step ?? 0)) this.#status.update(this.#meter.progress, true);
    this.end();
    if (reason !== 'stopped' && this.#measured !== undefined && this.#format !== 'json') this.#io.stdout.write(`${this.#measured}\n`);
    const command = commandName(this.#io.env);
    const how = reason === 'stopped' ? `stopped at step ${count(step)} of ${count(steps)},` : 'trained';
    this.say(`${how} in ${duration(seconds)}${model === null ? '' : `; saved ${reason === 'stopped' ? `${run ?? ''}/last.safetensors` : model}`}`);
    if (reason === 'stopped') this.say(`to go on: ${command} train --resume ${quoted(run ?? '')}`);
    else if (run !== null) this.say(`next: ${command} ${nextCommand[this.#start?.recipe ?? 'text']} ${quoted(run)}`);
  }
}

/** What one does with a model of each kind. */
const nextCommand: Readonly<Record<StartEvent['recipe'], string>> = { text: 'sample', classify: 'predict', tag: 'predict', forecast: 'forecast', translate: 'predict' };

function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, '\uFFFD');
}
