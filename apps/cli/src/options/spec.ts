import { Option, type Command } from 'commander';
import { real, whole, type Bounds } from '../numbers.ts';

/** What an option takes. */
export type OptionKind =
  | { readonly kind: 'whole' | 'real'; readonly bounds: Bounds }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'text' }
  | { readonly kind: 'switch' };

/** A value that an option or a key of a config file may have. */
export type OptionValue = number | string | boolean;

/** One setting: as a flag (`--evaluate-every <n>`), as a key of a config file (`evaluateEvery`), and in the schema of such files. */
export interface OptionSpec {
  readonly key: string;
  readonly takes: OptionKind;
  /** Undefined: nothing, unless given. */
  readonly default?: OptionValue;
  /** What stands for the value in the help text; otherwise by its kind. */
  readonly placeholder?: string;
  readonly help: string;
  /** Whether it says how the data are read, and nothing of the model. */
  readonly data?: true;
  /** Whether it may be given anew when a training goes on. */
  readonly resumable?: true;
}

/** Values by key. */
export type Values = Readonly<Record<string, OptionValue>>;

/** `evaluateEvery` as `--evaluate-every`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Gives a command the flags of these settings. */
export function addOptions(command: Command, specs: readonly OptionSpec[]): void {
  for (const spec of specs) command.addOption(optionOf(spec));
}

/** Whether a value, out of JSON perhaps, is one that the setting takes; if not, what it must be. */
export function mismatch({ takes }: OptionSpec, value: unknown): string | undefined {
  if (takes.kind === 'switch') return typeof value === 'boolean' ? undefined : 'true or false';
  if (takes.kind === 'text') return typeof value === 'string' ? undefined : 'a text';
  if (takes.kind === 'choice') return typeof value === 'string' && takes.choices.includes(value) ? undefined : `one of ${takes.choices.join(', ')}`;
  try {
    if (typeof value === 'number') parsers[takes.kind](takes.bounds)(String(value));
    else throw new TypeError('It must be a number.');
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^It must be /, '').replace(/\.$/, '');
  }
}

const parsers: Readonly<Record<'whole' | 'real', (bounds: Bounds) => (text: string) => number>> = { whole, real };
const placeholders: Readonly<Record<OptionKind['kind'], string>> = { whole: 'n', real: 'number', choice: 'name', text: 'text', switch: '' };

function optionOf({ key, takes, placeholder = placeholders[takes.kind], help, default: value }: OptionSpec): Option {
  // A switch that is on can be switched off.
  if (takes.kind === 'switch' && value === true) return new Option(flagOf(key).replace(/^--/, '--no-'), help);
  const option = new Option(placeholder === '' ? flagOf(key) : `${flagOf(key)} <${placeholder}>`, help);
  if (value !== undefined) option.default(value);
  if (takes.kind === 'choice') return option.choices(takes.choices);
  return takes.kind === 'whole' || takes.kind === 'real' ? option.argParser(parsers[takes.kind](takes.bounds)) : option;
}
