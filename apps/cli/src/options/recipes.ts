import type { RecipeName } from '../recipes/names.ts';
import { learningSpecs, networkSpecs } from './shared.ts';
import type { OptionSpec, OptionValue } from './spec.ts';

/** What the command line knows of a kind of training without loading it. */
export interface RecipeEntry {
  readonly summary: string;
  /** What its data are. */
  readonly data: string;
  readonly specs: readonly OptionSpec[];
}

const holdout: OptionSpec = { key: 'holdout', takes: { kind: 'real', bounds: { least: 0, below: 1 } }, placeholder: 'share', default: 0.1, help: 'share of the data that is not learnt but measured' };

/** The same settings with other defaults. */
function withDefaults(specs: readonly OptionSpec[], defaults: Readonly<Record<string, OptionValue>>): OptionSpec[] {
  return specs.map((spec) => (Object.hasOwn(defaults, spec.key) ? { ...spec, default: defaults[spec.key] as OptionValue } : spec));
}

const sequenceDefaults = { layers: 1, embedding: 32, batch: 64, steps: 0, evaluateEvery: 0, holdout: 0.2 };

/** What runs over sequences have in common. */
const sequenceSpecs: readonly OptionSpec[] = [
  ...withDefaults(networkSpecs, sequenceDefaults),
  { key: 'bidirectional', takes: { kind: 'switch' }, default: false, help: 'a second direction reads from the end' },
  ...withDefaults(learningSpecs, sequenceDefaults).map((spec): OptionSpec => {
    if (spec.key === 'steps') return { ...spec, takes: { kind: 'whole', bounds: { least: 0 } }, help: 'updates, 0 for as many as --epochs has' };
    return spec.key === 'evaluateEvery' ? { ...spec, help: 'updates between evaluations, 0 for one after each pass' } : spec;
  }),
  { key: 'epochs', takes: { kind: 'whole', bounds: { least: 1 } }, default: 10, help: 'passes over the data', resumable: true },
  { key: 'bucketing', takes: { kind: 'switch' }, default: true, help: 'do not put sequences of similar length into a batch together' },
  { key: 'scaling', takes: { kind: 'choice', choices: ['standard', 'minmax', 'none'] }, default: 'standard', help: 'how values are scaled; fitted on what is learnt alone' },
  { ...holdout, default: 0.2 },
];

const tableSpecs: readonly OptionSpec[] = [
  { key: 'delimiter', takes: { kind: 'text' }, placeholder: 'mark', help: 'what separates the cells of a CSV file (default: a comma)', data: true },
  { key: 'missing', takes: { kind: 'choice', choices: ['error', 'forward-fill', 'drop'] }, help: 'what becomes of empty cells (default: error)', data: true },
];

const labelSpecs: readonly OptionSpec[] = [
  { key: 'label', takes: { kind: 'text' }, placeholder: 'column', help: 'of a table: the column with the label', data: true },
  { key: 'by', takes: { kind: 'text' }, placeholder: 'column', help: 'of a table: the column that tells the sequences apart', data: true },
  { key: 'read', takes: { kind: 'text' }, placeholder: 'columns', help: 'of a table: columns of numbers that are read, with commas between (default: all others)', data: true },
  ...tableSpecs,
];

/** Every kind of training. */
export const recipes: Readonly<Record<RecipeName, RecipeEntry>> = {
  text: {
    summary: 'a model that writes, character by character',
    data: 'a UTF-8 text, or several; the last tenth is held out',
    specs: [
      ...networkSpecs,
      ...learningSpecs,
      { key: 'length', takes: { kind: 'whole', bounds: { least: 1 } }, default: 50, help: 'characters that a gradient reaches back' },
      { key: 'vocabulary', takes: { kind: 'choice', choices: ['characters', 'bytes'] }, default: 'characters', help: 'what a symbol is' },
      holdout,
    ],
  },
  classify: {
    summary: 'a model that gives each sequence a label',
    data: 'text files, one a class and a sequence a line; images of digits (…images-idx3-ubyte.gz and …labels-idx1-ubyte.gz); or a table with --label and --by or --text',
    specs: [
      ...sequenceSpecs, ...labelSpecs,
      { key: 'text', takes: { kind: 'text' }, placeholder: 'column', help: 'of a table: the column with a text, a sequence of characters', data: true },
      { key: 'order', takes: { kind: 'choice', choices: ['rows', 'pixels', 'permuted'] }, help: 'how a digit is read (default: rows)', data: true },
    ],
  },
  tag: {
    summary: 'a model that gives each step of a sequence a label',
    data: 'a table with --label and --by, or chorales as JSON',
    specs: [...sequenceSpecs, ...labelSpecs],
  },
  forecast: {
    summary: 'a model that foresees the next rows of a series',
    data: 'a CSV or Parquet file with a row for each moment',
    specs: [
      ...withDefaults(sequenceSpecs, { hidden: 64, lr: 0.001, holdout: 0.1 }).filter(({ key }) => key !== 'bucketing'),
      { key: 'window', takes: { kind: 'whole', bounds: { least: 1 } }, default: 96, help: 'rows that are read' },
      { key: 'horizon', takes: { kind: 'whole', bounds: { least: 1 } }, default: 24, help: 'rows after them that are told' },
      { key: 'targets', takes: { kind: 'text' }, placeholder: 'columns', help: 'columns that are told, with commas between (default: all)' },
      { key: 'inputs', takes: { kind: 'text' }, placeholder: 'columns', help: 'columns that are read (default: all)' },
      { key: 'season', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'rows from one season to the next; 0: by the dates' },
      { key: 'test', takes: { kind: 'real', bounds: { least: 0, below: 1 } }, placeholder: 'share', default: 0.2, help: 'share of the rows, at the end, that is measured once' },
      { key: 'relative', takes: { kind: 'switch' }, default: true, help: 'do not read and tell differences from the last row, but values' },
      { key: 'stride', takes: { kind: 'whole', bounds: { least: 1 } }, default: 1, help: 'rows from one window that is learnt from to the next' },
      { key: 'time', takes: { kind: 'text' }, placeholder: 'column', help: 'the column of dates (default: the first one)', data: true },
      { key: 'columns', takes: { kind: 'text' }, placeholder: 'columns', help: 'columns of numbers to take at all (default: all)', data: true },
      ...tableSpecs,
    ],
  },
  translate: {
    summary: 'a model that answers a sequence with another one',
    data: 'a text with a pair a line: input, tab, answer',
    specs: [
      ...withDefaults(sequenceSpecs, { embedding: 64 }).map((spec): OptionSpec => (spec.key === 'bidirectional' ? { ...spec, default: true, help: 'do not read from the end too' } : spec)),
      { key: 'attention', takes: { kind: 'choice', choices: ['none', 'dot', 'general', 'additive'] }, default: 'additive', help: 'how the decoder looks back' },
    ],
  },
};

/** Whether a word names a kind of training. */
export function isRecipe(word: unknown): word is RecipeName {
  return typeof word === 'string' && Object.hasOwn(recipes, word);
}
