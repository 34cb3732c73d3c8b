import { recipes } from './recipes.ts';
import { runSpecs } from './shared.ts';
import type { OptionSpec } from './spec.ts';

/** Where the schema of config files is published: a version of the package has its own. */
export const schemaAddress = 'https://unpkg.com/@unroll/cli/schema/config-1.json';

/** The JSON schema (draft 2020-12) of config files: for each kind of training its settings, and those of every run. */
export function configSchema(): object {
  const kinds = Object.entries(recipes).map(([name, { summary, specs }]) => ({
    title: `${name}: ${summary}`,
    properties: { ...common, recipe: { const: name }, ...Object.fromEntries([...specs, ...runSpecs].map((spec) => [spec.key, propertyOf(spec)])) },
    // Without a recipe it is a text model.
    ...(name === 'text' ? {} : { required: ['recipe'] }),
    additionalProperties: false,
  }));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: schemaAddress, title: 'A training of Unroll', type: 'object', oneOf: kinds };
}

const common = {
  $schema: { type: 'string' },
  data: { description: 'Files, folders, - for stdin, or the name of a remote set.', oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
};

function propertyOf({ takes, help, default: value }: OptionSpec): object {
  return { description: help, ...typeOf(takes), ...(value === undefined ? {} : { default: value }) };
}

function typeOf(takes: OptionSpec['takes']): object {
  if (takes.kind === 'switch') return { type: 'boolean' };
  if (takes.kind === 'text') return { type: 'string' };
  if (takes.kind === 'choice') return { enum: takes.choices };
  const { least, above, most, below } = takes.bounds;
  const bounds = { minimum: least, exclusiveMinimum: above, maximum: most, exclusiveMaximum: below };
  return { type: takes.kind === 'whole' ? 'integer' : 'number', ...Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined)) };
}
