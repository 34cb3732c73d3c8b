import { readFileSync } from 'node:fs';
import { CliError, complaint } from '../errors.ts';
import { isRecipe, recipes } from './recipes.ts';
import { suggestion } from './nearest.ts';
import { mismatch, type OptionSpec, type OptionValue } from './spec.ts';

/** The config file that counts without being named, where it is there. */
export const projectFile = 'unroll.json';

/** A config file, read and checked as far as it can be without knowing the recipe. */
export interface ConfigFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Keys of a config file that are no settings. */
const others: readonly string[] = ['$schema', 'recipe', 'data'];

/** Reads a config file. Throws a `CliError` of outcome `usage` that names it, and the line of what is no JSON. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError('usage', `${path}: ${complaint(error)}; check the path`);
  }
  const content = parsed(path, text);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw new CliError('usage', `${path}: it must hold an object, such as {"recipe": "text", "hidden": 128}`);
  return { path, content: content as Record<string, unknown> };
}

/** The settings in a config file, each of them known and of its kind. Throws a `CliError` of outcome `usage` that names the key and the nearest known one. */
export function settingsIn({ path, content }: ConfigFile, specs: readonly OptionSpec[]): ReadonlyMap<string, OptionValue> {
  const byKey = new Map(specs.map((spec) => [spec.key, spec]));
  const known = [...byKey.keys(), ...others];
  const settings = new Map<string, OptionValue>();
  for (const [key, value] of Object.entries(content)) {
    if (others.includes(key)) continue;
    const spec = byKey.get(key);
    if (spec === undefined) throw new CliError('usage', `${path}: there is no setting "${key}"${suggestion(key, known)}`);
    const must = mismatch(spec, value);
    if (must !== undefined) throw new CliError('usage', `${path}: "${key}" must be ${must}, got ${JSON.stringify(value)}`);
    settings.set(key, value as OptionValue);
  }
  checkOthers(path, content);
  return settings;
}

/** The data that a config file names. */
export function dataIn(file: ConfigFile | undefined): string[] {
  const data = file?.content['data'];
  if (data === undefined) return [];
  return typeof data === 'string' ? [data] : (data as string[]);
}

function checkOthers(path: string, { recipe, data }: ConfigFile['content']): void {
  if (recipe !== undefined && !isRecipe(recipe)) {
    throw new CliError('usage', `${path}: "recipe" must be one of ${Object.keys(recipes).join(', ')}, got ${JSON.stringify(recipe)}${typeof recipe === 'string' ? suggestion(recipe, Object.keys(recipes)) : ''}`);
  }
  const isFine = data === undefined || typeof data === 'string' || (Array.isArray(data) && data.every((name) => typeof name === 'string'));
  if (!isFine) throw new CliError('usage', `${path}: "data" must be a text or a list of texts, got ${JSON.stringify(data)}`);
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = faultAt(text, (error as Error).message);
    const line = position === undefined ? '' : `:${text.slice(0, position).split('\n').length}`;
    throw new CliError('usage', `${path}${line}: this is no JSON: ${(error as Error).message}`);
  }
}

/** Characters that V8 shows before the one that it stumbled over. */
const shown = 10;

/** Where V8 says that JSON is none: by its position, or by what stands around it. */
function faultAt(text: string, message: string): number | undefined {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  if (message.startsWith('Unexpected end')) return text.length;
  const around = /, \.\.\."([^]*?)"(?:\.\.\.)? is not valid JSON$/.exec(message)?.[1];
  return around === undefined || !text.includes(around) ? undefined : text.indexOf(around) + shown;
}
