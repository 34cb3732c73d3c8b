import { SafetensorsError, type SafetensorsErrorCode } from './error.ts';

/** A file of this header and so many bytes of data, with a length prefix that is right. */
export function fileOf(header: string | Uint8Array, data: Uint8Array | number = 0): Uint8Array {
  const head = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  return withLength(BigInt(head.length), head, body);
}

/** A file whose header length is said to be `length`, whatever follows. */
export function withLength(length: bigint, ...parts: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 8));
  new DataView(file.buffer).setBigUint64(0, length, true);
  let position = 8;
  for (const part of parts) {
    file.set(part, position);
    position += part.length;
  }
  return file;
}

/** The header entry of one tensor. */
export function entry(name: string, dtype: string, shape: readonly number[], begin: number, end: number): string {
  return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`;
}

/** The error that `action` must throw; anything but ours is thrown on. */
export function refusal(action: () => unknown): SafetensorsError {
  try {
    action();
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export function refusalCode(action: () => unknown): SafetensorsErrorCode {
  return refusal(action).code;
}
