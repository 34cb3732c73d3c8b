import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { saveBytes } from '../files/checkpoint.ts';
import type { RecipeName } from '../recipes/names.ts';
import { printSettings } from '../training/settings.ts';
import { dataIn, projectFile, readConfigFile } from './file.ts';
import { isRecipe, recipes } from './recipes.ts';
import { resolve } from './resolve.ts';
import { configSchema, schemaAddress } from './schema.ts';
import { runSpecs } from './shared.ts';
import { addOptions } from './spec.ts';

/** `unroll config`. */
export function printConfig(what: 'show' | 'schema' | 'events', path: string | undefined, session: Session): void {
  if (what === 'schema') session.io.stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
  else if (what === 'events') session.io.stdout.write(readFileSync(new URL('../../schema/events-1.json', import.meta.url), 'utf8'));
  else show(path, session);
}

/** What a config file to begin with is made of. */
export interface Starter {
  readonly recipe: RecipeName;
  readonly data: readonly string[];
  readonly out: string;
  readonly force?: true;
}

/** `unroll init`. */
export function writeStarter({ recipe, data, out, force }: Starter, { io }: Session): void {
  const defaults = recipes[recipe].specs.flatMap(({ key, default: value }) => (value === undefined ? [] : [[key, value] as const]));
  const content = `${JSON.stringify({ $schema: schemaAddress, recipe, ...(data.length === 0 ? {} : { data }), ...Object.fromEntries(defaults) }, undefined, 2)}\n`;
  if (out === '-') {
    io.stdout.write(content);
    return;
  }
  if (force !== true && existsSync(out)) throw new CliError('usage', `${out}: there is such a file already; replace it with --force, or name another one with --out`);
  saveBytes(out, Buffer.from(content));
  io.stderr.write(`wrote ${out}; next: unroll train${out === projectFile ? '' : ` --config ${out}`}${data.length === 0 ? ' DATA' : ''}\n`);
}

function show(path: string | undefined, session: Session): void {
  const file = path ?? (existsSync(projectFile) ? projectFile : undefined);
  const content = file === undefined ? undefined : readConfigFile(file);
  const named = content?.content['recipe'];
  const recipe = isRecipe(named) ? named : 'text';
  const specs = [...recipes[recipe].specs, ...runSpecs];
  const command = new Command();
  addOptions(command, specs);
  printSettings({ recipe, data: dataIn(content) }, resolve(command, specs, content), session);
}
