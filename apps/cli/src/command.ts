import type { Command } from 'commander';
import type { Outcome } from './errors.ts';
import type { Io } from './io.ts';

/** What a command is given to work with. */
export interface Session {
  readonly io: Io;
  /** How the process ends, where that is neither `ok` nor told by an error. */
  readonly finish: (outcome: Outcome) => void;
}

/** Gives a command its arguments, options and action; each file in `commands` exports one, as `define`. Called for the one command that was asked for. */
export type Define = (command: Command, session: Session) => void;
