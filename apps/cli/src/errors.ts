/** Why a run ended, as a word; the number that the shell gets stands in `exitCodes`. */
export type Outcome = 'ok' | 'runtime' | 'usage' | 'data' | 'checkpoint' | 'diverged' | 'device' | 'interrupted' | 'terminated';

/** The exit code of each outcome; documented in the README. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  ok: 0,
  runtime: 1,
  usage: 2,
  data: 3,
  checkpoint: 4,
  diverged: 5,
  device: 6,
  interrupted: 130,
  terminated: 143,
};

/** An error that the user is told in one line: what, where, and what to do; lines of a file that show the place may follow. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly outcome: Outcome;
  readonly excerpt: readonly string[];

  constructor(outcome: Outcome, message: string, excerpt: readonly string[] = []) {
    super(message);
    this.outcome = outcome;
    this.excerpt = excerpt;
  }
}

/** An error that happened in a training, with what is known of the moment. */
export class JobError extends CliError {
  override readonly name: string = 'JobError';
  /** Seconds, updates and passes until then. */
  readonly event: ErrorMoment;

  constructor(outcome: Outcome, message: string, excerpt: readonly string[], event: ErrorMoment) {
    super(outcome, message, excerpt);
    this.event = event;
  }
}

/** When something happened. */
export interface ErrorMoment { readonly t: number; readonly step: number; readonly epoch: number }

/** What the user is told of an error, and how the process ends. */
export interface Report {
  readonly outcome: Outcome;
  /** One line without control characters. */
  readonly line: string;
  /** Lines below it, without control characters too, each character in its place. */
  readonly excerpt?: readonly string[];
  readonly event?: ErrorMoment;
}

/** Any thrown value as a report. What is thrown on purpose says it best itself; what is not is called unexpected. */
export function reportOf(error: unknown): Report {
  if (error instanceof CliError) {
    const { outcome, message, excerpt } = error;
    const place = excerpt.map((text) => text.replace(/\p{Cc}/gu, '\uFFFD'));
    return { outcome, line: oneLine(message), ...(place.length === 0 ? {} : { excerpt: place }), ...(error instanceof JobError ? { event: error.event } : {}) };
  }
  const outcome = error instanceof Error ? outcomeOf(error) : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return outcome === undefined
    ? { outcome: 'runtime', line: oneLine(`unexpected error: ${message}; set DEBUG=unroll to see where it came from`) }
    : { outcome, line: oneLine(message) };
}

/** A text on one line, with control characters (escape sequences among them) made visible. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, ' ').replace(/\p{Cc}/gu, (c) => `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

/** The outcome that the error classes of the packages stand for, by their names: importing them here would cost start-up time. */
const outcomes: Readonly<Record<string, Outcome>> = {
  DataError: 'data',
  ReferenceFileError: 'data',
  SafetensorsError: 'checkpoint',
  StateDictError: 'checkpoint',
  TensorError: 'runtime',
  CellError: 'usage',
  LayerError: 'usage',
  AutogradError: 'runtime',
  TrainError: 'usage',
  ConfigError: 'usage',
  RecipeError: 'usage',
  ExchangeError: 'data',
};

/** Outcomes of errors whose `code` says more than their class. */
const codes: Readonly<Record<string, Outcome>> = { 'RecipeError checkpoint': 'checkpoint', 'TrainError state': 'checkpoint', 'TensorError backend': 'device' };

function outcomeOf(error: Error): Outcome | undefined {
  const code = 'code' in error ? codes[`${error.name} ${String(error.code)}`] : undefined;
  if (code !== undefined) return code;
  if (Object.hasOwn(outcomes, error.name)) return outcomes[error.name];
  return systemCode(error) === undefined ? undefined : 'runtime';
}

/** `ENOENT` and its like, where the error came from the operating system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The operating system's complaints in words. */
const complaints: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'the file is in use',
  EFBIG: 'the file would be larger than is allowed here',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reported an input/output error',
  EISDIR: 'it is a folder, not a file',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'the operation is not permitted',
  EROFS: 'the disk is read-only',
};

/** What the operating system had against it, in words; the message of any other error as it is. */
export function complaint(error: unknown): string {
  const code = systemCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined ? message : (complaints[code] ?? message);
}
