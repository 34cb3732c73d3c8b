import { Command, CommanderError } from 'commander';
import type { Session } from './command.ts';
import { commands, type CommandEntry } from './commands/index.ts';
import { exitCodes, oneLine, reportOf, type Outcome } from './errors.ts';
import type { Io } from './io.ts';
import { painter } from './print/style.ts';
import { version } from './version.ts';

/**
 * Runs one command line (without `node` and the script) and returns the exit code. Never throws: whatever goes wrong becomes one
 * line on stderr.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const asked = argv.find((word) => Object.hasOwn(commands, word));
  let outcome: Outcome = 'ok';
  const session: Session = { io, finish: (how) => { outcome = how; } };
  try {
    const program = await programFor(asked, session);
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    outcome = error instanceof CommanderError ? tellUsage(error, io, asked) : tell(error, io);
  }
  return exitCodes[outcome];
}

const footer = `
Begin with \`unroll start\`; \`unroll COMMAND --help\` explains a command.
Exit codes: 0 ok, 1 run time, 2 usage, 3 data, 4 model file refused, 5 diverged, 6 device.`;

async function programFor(asked: string | undefined, session: Session): Promise<Command> {
  const program = new Command('unroll')
    .description('Unroll: train recurrent networks on your own text, let them write, verify them against PyTorch.')
    .version(version(), '-v, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .usage('COMMAND [options]')
    .configureHelp({ helpWidth: Math.min(session.io.stdout.columns, 100) })
    .addHelpText('after', footer);
  beStrict(program, session.io);
  for (const [name, entry] of Object.entries(commands)) {
    const command = addCommand(program, name, entry, session.io);
    if (name === asked) (await entry.load()).define(command, session);
  }
  return program;
}

function addCommand(program: Command, name: string, { summary }: CommandEntry, io: Io): Command {
  const command = program.command(name).summary(summary).copyInheritedSettings(program);
  beStrict(command, io);
  return command;
}

/** Errors are thrown to us, and we tell them, in one line. */
function beStrict(command: Command, io: Io): void {
  command.exitOverride().allowExcessArguments(false).helpOption('-h, --help', 'print this help');
  command.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined });
}

function tell(error: unknown, io: Io): Outcome {
  const { outcome, line, excerpt = [] } = reportOf(error);
  complain(io, line);
  for (const text of excerpt) io.stderr.write(`${text}\n`);
  if (io.env['DEBUG'] === 'unroll' && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
  return outcome;
}

function tellUsage({ code, message }: CommanderError, io: Io, asked: string | undefined): Outcome {
  if (['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)) return 'ok';
  const help = `unroll ${asked === undefined ? '' : `${asked} `}--help`;
  complain(io, `${oneLine(message).replace(/^error: /, '').replace(/\.$/, '')}; see ${help}`);
  return 'usage';
}

function complain(io: Io, line: string): void {
  io.stderr.write(`${painter(io, io.stderr)('bad', 'error:')} ${line}\n`);
}
