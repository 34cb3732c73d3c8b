import type { Command } from 'commander';
import type { ConfigFile } from './file.ts';
import { settingsIn } from './file.ts';
import type { OptionSpec, OptionValue } from './spec.ts';

/** A value, and who said so. */
export interface Setting {
  readonly value: OptionValue;
  /** `flag`, `default`, or the path of a config file. */
  readonly origin: string;
}

/** Settings by key, in the order of their specs. */
export type Settings = ReadonlyMap<string, Setting>;

/** What counts: a flag before a config file before a default. Throws a `CliError` for a config file with faults. */
export function resolve(command: Command, specs: readonly OptionSpec[], file: ConfigFile | undefined): Settings {
  const written = file === undefined ? undefined : settingsIn(file, specs);
  const settings = new Map<string, Setting>();
  for (const { key, default: value } of specs) {
    const given = command.getOptionValueSource(key) === 'cli' ? (command.getOptionValue(key) as OptionValue) : undefined;
    const inFile = written?.get(key);
    if (given !== undefined) settings.set(key, { value: given, origin: 'flag' });
    else if (inFile !== undefined) settings.set(key, { value: inFile, origin: file?.path ?? '' });
    else if (value !== undefined) settings.set(key, { value, origin: 'default' });
  }
  return settings;
}

/** The values of those settings that some specs name. */
export function valuesOf(settings: Settings, specs: readonly OptionSpec[]): Record<string, OptionValue> {
  return Object.fromEntries(specs.flatMap(({ key }) => {
    const setting = settings.get(key);
    return setting === undefined ? [] : [[key, setting.value] as const];
  }));
}

/** Settings apart: those of the model and its learning, and those that say how the data are read. */
export function splitValues(settings: Settings, specs: readonly OptionSpec[]): { readonly config: Record<string, OptionValue>; readonly options: Record<string, OptionValue> } {
  return { config: valuesOf(settings, specs.filter(({ data }) => data !== true)), options: valuesOf(settings, specs.filter(({ data }) => data === true)) };
}

/** Those that were given as flags. */
export function givenIn(settings: Settings): Settings {
  return new Map([...settings].filter(([, { origin }]) => origin === 'flag'));
}
