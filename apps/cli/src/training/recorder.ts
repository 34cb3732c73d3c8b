import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { complaint } from '../errors.ts';
import { checkpointBytes, saveBytes, type Provenance } from '../files/checkpoint.ts';
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
  #log: number | undefined;
  #fault: string | undefined;

  /** Prepares the folder: removes what a crash left, and from the log what happened after the checkpoint that the run goes on from. */
  constructor({ folder, provenance, keep, record, from }: RecorderOptions) {
    this.folder = folder;
    this.#provenance = provenance;
    this.#keep = keep;
    tidy(folder, Infinity);
    saveBytes(join(folder, runFiles.config), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
    rewind(join(folder, runFiles.log), from);
    this.#log = openSync(join(folder, runFiles.log), 'a');
  }

  /** Why the log is not written any more, once. */
  takeFault(): string | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  log(event: TrainingEvent): void {
    if (this.#log === undefined) return;
    try {
      writeSync(this.#log, eventLine(event));
    } catch (error) {
      this.#fault = complaint(error);
      this.close();
    }
  }

  /** The newest checkpoint. */
  async saveLast(trainee: Trainee): Promise<Saved> {
    const name = checkpointName(trainee.optimizer.steps);
    const saved = await this.#save(trainee, name);
    nameAgain(this.folder, name, runFiles.last);
    tidy(this.folder, this.#keep);
    this.#draw(trainee);
    return { ...saved, path: join(this.folder, runFiles.last) };
  }

  async saveBest(trainee: Trainee): Promise<Saved> {
    return this.#save(trainee, runFiles.best);
  }

  /** Nothing is logged from now on. */
  close(): void {
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
  }

  async #save(trainee: Trainee, name: string): Promise<Saved> {
    const path = join(this.folder, name);
    const bytes = await checkpointBytes(trainee.content(), this.#provenance);
    saveBytes(path, bytes);
    return { path, bytes: bytes.length };
  }

  // A picture is no reason to end a training.
  #draw({ history, about }: Trainee): void {
    try {
      writeFileSync(join(this.folder, runFiles.curve), curveSvg(about.at(-1) ?? '', history));
    } catch {
      // The next checkpoint draws it again.
    }
  }
}

/** Keeps those lines of a log that are whole and not later than a step. */
function rewind(path: string, step: number): void {
  if (!existsSync(path)) return;
  const kept = readFileSync(path, 'utf8').split('\n').filter((line) => isUpTo(line, step));
  saveBytes(path, Buffer.from(kept.map((line) => `${line}\n`).join('')));
}

function isUpTo(line: string, step: number): boolean {
  try {
    const event = JSON.parse(line) as { readonly step?: unknown; readonly event?: unknown };
    return typeof event.step === 'number' && event.step <= step && event.event !== 'done';
  } catch {
    return false;
  }
}
