import type { Command } from 'commander';
import type { Outcome } from './errors.ts';
import type { Io } from './io.ts';
import type { Format } from './output.ts';

/** What a command is given to work with. */
export interface Session {
  /** As the format of the output wants it; known when the command acts. */
  readonly io: Io;
  readonly format: Format;
  /** The words of the command line after the name of the command. */
  readonly words: readonly string[];
  /** Every command by its name. */
  readonly commands: Readonly<Record<string, CommandEntry>>;
  /** How the process ends, where that is neither `ok` nor told by an error. */
  readonly finish: (outcome: Outcome) => void;
}

/** Gives a command its arguments, options and action; each file in `commands` exports one, as `define`. Called for the one command that was asked for. */
export type Define = (command: Command, session: Session) => void;

/** What is known of a command without loading it. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}
