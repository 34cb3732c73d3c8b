#!/usr/bin/env node
import { complaint, exitCodes } from './errors.ts';
import { processIo } from './io.ts';
import { run } from './run.ts';

process.stdout.on('error', (error) => leave('stdout', error));
process.stderr.on('error', (error) => leave('stderr', error));

/** Where the reader of a pipe has gone (`| head -1`), there is nobody left to tell; where a disk is full, there may be. */
function leave(name: string, error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  if (name === 'stdout') process.stderr.write(`error: stdout: ${complaint(error)}\n`);
  process.exit(exitCodes.runtime);
}

process.exitCode = await run(process.argv.slice(2), processIo());
