import { Option, type Command } from 'commander';
import type { Io, Output } from './io.ts';

/** How a command prints: `human` with bars and colours, `plain` lines, `json` lines on stdout, `quiet` without messages. */
export type Format = 'human' | 'plain' | 'json' | 'quiet';

/** Gives a command the options that all have. */
export function addOutputOptions(command: Command): void {
  command
    .addOption(new Option('--format <how>', 'how to print: human (bars, colours), plain (lines), json (lines of JSON on stdout), quiet (results alone)').choices(['auto', 'human', 'plain', 'json', 'quiet']).default('auto', 'auto: human on a terminal, else plain'))
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addOption(new Option('-q, --quiet', 'the same as --format quiet').conflicts('format'))
    .option('--no-color', 'no colours; NO_COLOR=1 does the same');
}

/** The format that a command's options ask for. */
export function formatOf(command: Command, io: Io): Format {
  const { format, json, quiet } = command.opts<{ readonly format: Format | 'auto'; readonly json?: true; readonly quiet?: true }>();
  if (json === true) return 'json';
  if (quiet === true) return 'quiet';
  if (format !== 'auto') return format;
  return io.stderr.isTTY && (io.env['CI'] ?? '') === '' ? 'human' : 'plain';
}

/** The process as a command of that format sees it: a terminal only where it may be used as one, messages only where they are wanted. */
export function ioFor(format: Format, io: Io, colour: boolean): Io {
  const plain = (output: Output): Output => ({ write: (text) => output.write(text), isTTY: false, get columns() { return output.columns; } });
  const env = colour ? io.env : { ...io.env, NO_COLOR: '1' };
  if (format === 'human') return { ...bound(io), env };
  const stderr = format === 'quiet' ? { ...plain(io.stderr), write: () => undefined } : plain(io.stderr);
  return { ...bound(io), env, stdout: plain(io.stdout), stderr };
}

// Spreading would take the value of a getter once and for all.
function bound(io: Io): Io {
  const { stdout, stderr, env, now, onStop, exit, startJob, readStdin, writeBytes } = io;
  return { stdout, stderr, env, now, onStop, exit, startJob, readStdin, writeBytes };
}
