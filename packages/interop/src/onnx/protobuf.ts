import { ExchangeError } from '../network.ts';
import { schema, type FieldKind, type FieldRule, type MessageName, type Model } from './schema.ts';

/** The bytes of a model. */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  encodeMessage('model', model as Fields, chunks);
  const file = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    file.set(chunk, position);
    position += chunk.length;
  }
  return file;
}

/** The model in these bytes. @throws {ExchangeError} where they are no protobuf message of that kind. */
export function decodeModel(bytes: Uint8Array): Model {
  return decodeMessage('model', { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0, end: bytes.length, depth: 0 });
}

type Scalar = number | string | Uint8Array | Fields;
type Fields = { [name: string]: Scalar | readonly Scalar[] | undefined };

/** How protobuf marks the length of a field: a number of variable length, 8 bytes, bytes with their length, 4 bytes. */
const wire = { varint: 0, long: 1, bytes: 2, word: 5 } as const;

function encodeMessage(message: MessageName, fields: Fields, chunks: Uint8Array[]): void {
  for (const [name, { id, kind, repeated }] of Object.entries(schema[message])) {
    const value = fields[name];
    if (value === undefined) continue;
    const values = repeated ? value as readonly Scalar[] : [value as Scalar];
    for (const one of values) encodeField(id, kind, one, chunks);
  }
}

function encodeField(id: number, kind: FieldKind, value: Scalar, chunks: Uint8Array[]): void {
  if (kind === 'int64') chunks.push(varint(id * 8 + wire.varint), varint(value as number));
  else if (kind === 'float') chunks.push(varint(id * 8 + wire.word), new Uint8Array(Float32Array.of(value as number).buffer));
  else {
    const inner = innerChunks(kind, value);
    chunks.push(varint(id * 8 + wire.bytes), varint(inner.reduce((size, chunk) => size + chunk.length, 0)), ...inner);
  }
}

function innerChunks(kind: Exclude<FieldKind, 'int64' | 'float'>, value: Scalar): Uint8Array[] {
  if (kind === 'string') return [new TextEncoder().encode(value as string)];
  if (kind === 'bytes') return [value as Uint8Array];
  const chunks: Uint8Array[] = [];
  encodeMessage(kind, value as Fields, chunks);
  return chunks;
}

function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 127n) + (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

interface Cursor { readonly bytes: Uint8Array; readonly view: DataView; at: number; readonly end: number; readonly depth: number }

/** Graphs in attributes of nodes hold graphs again; no real file goes this deep. */
const deepest = 64;

function decodeMessage(message: MessageName, cursor: Cursor): Fields {
  if (cursor.depth > deepest) throw new ExchangeError(`onnx: messages lie more than ${deepest} deep in one another; this is no file of a model.`);
  const rules = new Map(Object.entries(schema[message]).map(([name, rule]) => [rule.id, { name, ...rule }]));
  const fields: Fields = {};
  while (cursor.at < cursor.end) {
    const tag = readVarint(cursor);
    const rule = rules.get(Math.floor(tag / 8));
    if (rule === undefined) skip(tag % 8, cursor);
    else store(fields, rule, readField(rule, tag % 8, cursor));
  }
  return fields;
}

function store(fields: Fields, { name, repeated }: FieldRule & { readonly name: string }, values: readonly Scalar[]): void {
  fields[name] = repeated ? [...((fields[name] ?? []) as readonly Scalar[]), ...values] : values.at(-1);
}

function readField({ kind }: FieldRule, type: number, cursor: Cursor): readonly Scalar[] {
  if (kind === 'int64') return type === wire.varint ? [readVarint(cursor)] : packed(type, cursor, readVarint);
  if (kind === 'float') return type === wire.word ? [readFloat(cursor)] : packed(type, cursor, readFloat);
  const inner = section(type, cursor);
  if (kind === 'bytes') return [inner.bytes.subarray(inner.at, inner.end)];
  return [kind === 'string' ? new TextDecoder().decode(inner.bytes.subarray(inner.at, inner.end)) : decodeMessage(kind, inner)];
}

// Repeated numbers may lie one behind the other in one field.
function packed(type: number, cursor: Cursor, read: (cursor: Cursor) => number): number[] {
  const inner = section(type, cursor);
  const values: number[] = [];
  while (inner.at < inner.end) values.push(read(inner));
  return values;
}

function section(type: number, cursor: Cursor): Cursor {
  if (type !== wire.bytes) throw damaged(cursor, `a field of kind ${type} stands where bytes are expected`);
  const length = readVarint(cursor);
  const at = advance(cursor, length);
  return { ...cursor, at, end: at + length, depth: cursor.depth + 1 };
}

function skip(type: number, cursor: Cursor): void {
  if (type === wire.varint) readVarint(cursor);
  else if (type === wire.bytes) section(type, cursor);
  else if (type === wire.word || type === wire.long) advance(cursor, type === wire.word ? 4 : 8);
  else throw damaged(cursor, `there are no fields of kind ${type}`);
}

function readVarint(cursor: Cursor): number {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[advance(cursor, 1)] as number;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return Number(BigInt.asIntN(64, value));
  }
  throw damaged(cursor, 'a number has more than ten bytes');
}

function readFloat(cursor: Cursor): number {
  return cursor.view.getFloat32(advance(cursor, 4), true);
}

function advance(cursor: Cursor, count: number): number {
  const { at } = cursor;
  if (count < 0 || at + count > cursor.end) throw damaged(cursor, `${count} more bytes are announced than there are`);
  cursor.at = at + count;
  return at;
}

function damaged({ at }: Cursor, what: string): ExchangeError {
  return new ExchangeError(`onnx: not an ONNX model, or a damaged one: at byte ${at}, ${what}.`);
}
