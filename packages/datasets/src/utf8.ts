import { DataError } from './errors.ts';

/**
 * The text that `bytes` spell in UTF-8, strictly: nothing is replaced. A byte-order mark at the start is dropped.
 *
 * @param name what to call the bytes in an error, usually the file's name
 * @throws DataError `invalid-utf8` with the offset (from 0) and the line (from 1) of the first byte that is not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, name: string): string {
  const offset = firstInvalidByte(bytes);
  if (offset < 0) return new TextDecoder('utf-8').decode(bytes);
  const line = 1 + countLineFeeds(bytes, offset);
  const byte = (bytes[offset] as number).toString(16).toUpperCase().padStart(2, '0');
  const remedy = `save the file as UTF-8${looksLikeUtf16(bytes) ? ' (it begins like UTF-16)' : ''}`;
  throw new DataError('invalid-utf8', `${name}: byte ${offset} (0x${byte}, line ${line}) is not valid UTF-8; ${remedy}`, {
    position: offset,
    line,
  });
}

/** Offset at which the first ill-formed sequence begins, or -1 where all is well-formed UTF-8. */
export function firstInvalidByte(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = (bytes[at] as number) < 0x80 ? 1 : sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

// Unicode 15, table 3-7: the second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] as number;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i = at + 2; i < at + length; i++) {
    if (((bytes[i] as number) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function countLineFeeds(bytes: Uint8Array, before: number): number {
  let count = 0;
  for (let i = 0; i < before; i++) if (bytes[i] === 0x0a) count++;
  return count;
}

function looksLikeUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}
