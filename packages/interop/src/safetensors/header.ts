import { isDType, type SafetensorsDType } from './dtype.ts';
import { describeTensor, quote } from './error.ts';
import { Scanner } from './scanner.ts';

export const METADATA_KEY = '__metadata__';

/** The format's cap on N, so that a small file cannot ask for much memory. */
export const LONGEST_HEADER = 100_000_000;

/** One tensor as the header declares it; `begin` and `end` count from the first byte after the header. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly tensors: readonly TensorInfo[];
}

/** The header's grammar: `{ "__metadata__"?: { key: text }, name: { dtype, shape, data_offsets } }`. */
export function parseHeader(text: string): Header {
  const scanner = new Scanner(text);
  const metadata = new Map<string, string>();
  const tensors: TensorInfo[] = [];
  scanner.object((key) => {
    scanner.context = key === METADATA_KEY ? METADATA_KEY : describeTensor(key);
    if (key === METADATA_KEY) scanner.object((name) => metadata.set(name, scanner.string()));
    else tensors.push(parseTensor(scanner, key));
    scanner.context = 'the header';
  });
  scanner.end();
  return { metadata, tensors };
}

type Field = 'dtype' | 'shape' | 'data_offsets';

interface Fields {
  dtype?: SafetensorsDType;
  shape?: number[];
  data_offsets?: readonly [number, number];
}

const PARSERS: Readonly<Record<Field, (scanner: Scanner, fields: Fields) => void>> = {
  dtype: (scanner, fields) => (fields.dtype = parseDType(scanner)),
  shape: (scanner, fields) => (fields.shape = scanner.wholeNumbers()),
  data_offsets: (scanner, fields) => (fields.data_offsets = parseOffsets(scanner)),
};

function parseTensor(scanner: Scanner, name: string): TensorInfo {
  const fields: Fields = {};
  scanner.object((key) => {
    if (!isField(key)) throw scanner.fail('InvalidHeaderDeserialization', `unknown field ${quote(key)}; a tensor has dtype, shape and data_offsets`);
    PARSERS[key](scanner, fields);
  });
  const { dtype, shape, data_offsets: offsets } = fields;
  if (dtype === undefined) throw missing(scanner, 'dtype');
  if (shape === undefined) throw missing(scanner, 'shape');
  if (offsets === undefined) throw missing(scanner, 'data_offsets');
  return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
}

function isField(key: string): key is Field {
  return Object.hasOwn(PARSERS, key);
}

function parseDType(scanner: Scanner): SafetensorsDType {
  const text = scanner.string();
  if (!isDType(text)) throw scanner.fail('InvalidHeaderDeserialization', `unknown dtype ${quote(text)}`);
  return text;
}

function parseOffsets(scanner: Scanner): readonly [number, number] {
  const [begin, end, ...rest] = scanner.wholeNumbers();
  if (begin === undefined || end === undefined || rest.length > 0) {
    throw scanner.fail('InvalidHeaderDeserialization', 'data_offsets must be two numbers, begin and end');
  }
  return [begin, end];
}

function missing(scanner: Scanner, field: Field): Error {
  return scanner.fail('InvalidHeaderDeserialization', `the field ${quote(field)} is missing`);
}
