import type { Config, Slot } from './config.ts';
import { configFrom, type Remark } from './schema.ts';

/** A trained model small enough for an address: its numbers as float16, in the order of its state dict. */
export interface PackedModel {
  readonly slot: Slot;
  /** Training steps that it has behind it. */
  readonly step: number;
  /** Base64url of float16 numbers, little-endian. */
  readonly weights: string;
}

/** What an address says: how everything is set, and perhaps a trained model. */
export interface Shared {
  readonly config: Config;
  readonly model?: PackedModel;
}

/** What was read of an address. */
export interface Reading extends Shared {
  readonly remarks: readonly (Remark | { readonly code: 'damaged' | 'newer'; readonly field: string })[];
}

/** The version of what is written; older ones are brought up to it one by one. */
const version = 1;
const migrations: Readonly<Record<number, (old: unknown) => unknown>> = {};
/** Characters of an address, and of the JSON in one. */
export const longestFragment = 8192;
const longestJson = 65_536;

/** `v=1&c=…`, without the sign before it. */
export async function toFragment({ config, model }: Shared): Promise<string> {
  const json = JSON.stringify(model === undefined ? config : { ...config, model });
  return `v=${version}&c=${base64url(await through(new TextEncoder().encode(json), new CompressionStream('deflate-raw'), Infinity))}`;
}

/** What an address says; undefined where it says nothing. Never throws: what cannot be read is named in `remarks`. */
export async function fromFragment(fragment: string): Promise<Reading | undefined> {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const [code, written] = [fields.get('c'), Number(fields.get('v') ?? version)];
  if (code === null) return undefined;
  if (written > version) return { ...configFrom({}), remarks: [{ code: 'newer', field: String(written) }] };
  try {
    let content: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await through(bytesOf(code), new DecompressionStream('deflate-raw'), longestJson)));
    for (let from = written; from < version; from++) content = migrations[from]?.(content) ?? content;
    const others = [...fields.keys()].filter((name) => name !== 'v' && name !== 'c').map((name) => ({ code: 'unknown', field: name }) as const);
    return read(content, others);
  } catch {
    return { ...configFrom({}), remarks: [{ code: 'damaged', field: 'c' }] };
  }
}

// Private.

function read(content: unknown, others: readonly Remark[]): Reading {
  const { model, ...rest } = typeof content === 'object' && content !== null ? (content as Readonly<Record<string, unknown>>) : {};
  const { config, remarks } = configFrom(rest);
  if (model === undefined) return { config, remarks: [...remarks, ...others] };
  const packed = packedModel(model);
  if (packed === undefined) return { config, remarks: [...remarks, ...others, { code: 'changed', field: 'model' }] };
  return { config, model: packed, remarks: [...remarks, ...others] };
}

function packedModel(given: unknown): PackedModel | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { slot, step, weights } = given as Readonly<Record<string, unknown>>;
  if ((slot !== 0 && slot !== 1 && slot !== 2) || typeof step !== 'number' || !Number.isSafeInteger(step) || step < 0) return undefined;
  return typeof weights === 'string' && /^[\w-]*$/.test(weights) ? { slot, step, weights } : undefined;
}

/** Bytes through a (de)compression. Throws where more than `most` come out: an address must not fill the memory. */
async function through(bytes: Uint8Array<ArrayBuffer>, transform: CompressionStream | DecompressionStream, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError(`more than ${most} bytes in an address`);
    }
    chunks.push(next.value);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Bytes as letters that an address may have. */
export function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The way back. Throws for letters that are none of them. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
