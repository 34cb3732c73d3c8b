import { Command, CommanderError } from 'commander';
import type { CommandEntry, Session } from './command.ts';
import { commands } from './commands/index.ts';
import { exitCodes, oneLine, reportOf, type Outcome } from './errors.ts';
import type { Io } from './io.ts';
import { addOutputOptions, formatOf, ioFor, type Format } from './output.ts';
import { painter } from './print/style.ts';
import { version } from './version.ts';

/**
 * Runs one command line (without `node` and the script) and returns the exit code. Never throws: whatever goes wrong becomes one
 * line on stderr, and one of JSON on stdout where that is the format.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const asked = argv.find((word) => Object.hasOwn(commands, word));
  const words = asked === undefined ? [] : argv.slice(argv.indexOf(asked) + 1);
  const state: State = { io, format: 'plain', words, commands, outcome: 'ok', finish: (how) => { state.outcome = how; } };
  try {
    const program = await programFor(asked, state, io);
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    state.outcome = error instanceof CommanderError ? tellUsage(error, io, asked, formatIn(words)) : tell(error, io, formatIn(words));
  }
  return exitCodes[state.outcome];
}

/** A session on its way. */
interface State extends Session {
  io: Io;
  format: Format;
  outcome: Outcome;
}

const footer = `
Begin with \`unroll start\`; \`unroll COMMAND --help\` explains a command. All take --format, --json, --quiet and --no-color.
Exit codes: 0 ok, 1 run time, 2 usage, 3 data, 4 model file refused, 5 diverged, 6 device, 130 Ctrl-C and 143 SIGTERM after saving.`;

async function programFor(asked: string | undefined, state: State, io: Io): Promise<Command> {
  const program = new Command('unroll')
    .description('Unroll: train recurrent networks on your own data, let them write, foresee and translate, look inside, verify them against PyTorch.')
    .version(version(), '-v, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .usage('COMMAND [options]')
    .configureHelp({ helpWidth: Math.min(io.stdout.columns, 100) })
    .addHelpText('after', footer);
  beStrict(program, io);
  program.hook('preAction', (_, command) => {
    state.format = formatOf(command, io);
    state.io = ioFor(state.format, io, command.opts<{ readonly color: boolean }>().color);
  });
  for (const [name, entry] of Object.entries(commands)) {
    const command = addCommand(program, name, entry, io);
    if (name !== asked) continue;
    (await entry.load()).define(command, state);
    addOutputOptions(command);
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

/** What the format would be, where a command line could not be read to its end. */
function formatIn(words: readonly string[]): Format {
  const isJson = words.includes('--json') || words.includes('--format=json') || words[words.indexOf('--format') + 1] === 'json';
  return isJson ? 'json' : 'plain';
}

function tell(error: unknown, io: Io, format: Format): Outcome {
  const { outcome, line, excerpt = [], event } = reportOf(error);
  complain(io, line);
  for (const text of excerpt) io.stderr.write(`${text}\n`);
  if (format === 'json') tellJson(io, { ...event, outcome, code: exitCodes[outcome], message: line, excerpt });
  if (io.env['DEBUG'] === 'unroll' && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
  return outcome;
}

function tellUsage({ code, message }: CommanderError, io: Io, asked: string | undefined, format: Format): Outcome {
  if (['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)) return 'ok';
  const help = `unroll ${asked === undefined ? '' : `${asked} `}--help`;
  const line = `${oneLine(message).replace(/^error: /, '').replace(/\.$/, '')}; see ${help}`;
  complain(io, line);
  if (format === 'json') tellJson(io, { outcome: 'usage', code: exitCodes.usage, message: line, excerpt: [] });
  return 'usage';
}

/** The last line of `--format json` where something went wrong: an `error` event, as in `schema/events-1.json`. */
function tellJson(io: Io, error: object): void {
  io.stdout.write(`${JSON.stringify({ v: 1, event: 'error', t: 0, step: 0, epoch: 0, ...error })}\n`);
}

function complain(io: Io, line: string): void {
  io.stderr.write(`${painter(io, io.stderr)('bad', 'error:')} ${line}\n`);
}
