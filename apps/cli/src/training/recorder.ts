import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { complaint } from '../errors.ts';
import { checkpointBytes, saveBytes, type Provenance } from '../files/checkpoint.ts';
import { writeAtomically } from '../files/atomic.ts';
import { checkpointName, nameAgain, runFiles, tidy } from '../files/run-folder.ts';
import type { Trainee } from '../recipes/adapter.ts';
import { curveSvg } from './curve.ts';
import { eventLine, type TrainingEvent } from './events.ts';

/** What a recorder is made of. */
export interface RecorderOptions {
  readonly folder: string;
  readonly provenance: Provenance;
  readonly keep: number;
  /** What the run was asked for; written to `config.json`. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Updates that were made before, in another process. */
  readonly from: number;
}

/** What was saved. */
export interface Saved { readonly path: string; readonly bytes: number }

/** Keeps a run's folder: checkpoints, log, curve, and what was asked for. */
export class Recorder {
  readonly folder: string;
  readonly #provenance: Provenance;
  readonly #keep: number;
  #log: WriteStream | undefined;
  #fault: string | undefined;

  private constructor({ folder, provenance, keep }: RecorderOptions, log: WriteStream) {
    this.folder = folder;
    this.#provenance = provenance;
    this.#keep = keep;
    this.#log = log;
    log.on('error', (error) => {
      this.#fault = complaint(error);
      this.#log = undefined;
    });
  }

  /** Prepares the folder: removes what a crash left, and from the log what happened after the checkpoint that the run goes on from. */
  static async open(options: RecorderOptions): Promise<Recorder> {
    const { folder, record, from } = options;
    await tidy(folder, Infinity);
    await writeAtomically(join(folder, runFiles.config), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
    await rewind(join(folder, runFiles.log), from);
    return new Recorder(options, createWriteStream(join(folder, runFiles.log), { flags: 'a' }));
  }

  /** Why the log is not written any more, once. */
  takeFault(): string | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  log(event: TrainingEvent): void {
    this.#log?.write(eventLine(event));
  }

  /** The newest checkpoint. */
  async saveLast(trainee: Trainee): Promise<Saved> {
    const name = checkpointName(trainee.optimizer.steps);
    const saved = await this.#save(trainee, name);
    await nameAgain(this.folder, name, runFiles.last);
    await tidy(this.folder, this.#keep);
    await this.#draw(trainee);
    return { ...saved, path: join(this.folder, runFiles.last) };
  }

  async saveBest(trainee: Trainee): Promise<Saved> {
    return this.#save(trainee, runFiles.best);
  }

  /** Waits until the log is written. */
  async close(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    if (log === undefined) return;
    log.end();
    await once(log, 'close').catch(() => undefined);
  }

  async #save(trainee: Trainee, name: string): Promise<Saved> {
    const path = join(this.folder, name);
    const bytes = await checkpointBytes(trainee.content(), this.#provenance);
    await saveBytes(path, bytes);
    return { path, bytes: bytes.length };
  }

  // A picture is no reason to end a training.
  async #draw({ history, about }: Trainee): Promise<void> {
    const path = join(this.folder, runFiles.curve);
    await writeFile(path, curveSvg(about.at(-1) ?? '', history)).catch(() => rm(path, { force: true }).catch(() => undefined));
  }
}

/** Keeps those lines of a log that are whole and not later than a step. */
async function rewind(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const kept = text.split('\n').filter((line) => isUpTo(line, step));
  await writeAtomically(path, Buffer.from(kept.map((line) => `${line}\n`).join('')));
}

function isUpTo(line: string, step: number): boolean {
  try {
    const event = JSON.parse(line) as { readonly step?: unknown; readonly event?: unknown };
    return typeof event.step === 'number' && event.step <= step && event.event !== 'done';
  } catch {
    return false;
  }
}
