/** What is wrong with a file or a tensor. The first ten have the names that the format's reference implementation uses. */
export type SafetensorsErrorCode =
  /** Fewer than the 8 bytes of the header length. */
  | 'HeaderTooSmall'
  /** A header of more than 100,000,000 bytes. */
  | 'HeaderTooLarge'
  /** A header that would end after the end of the file. */
  | 'InvalidHeaderLength'
  /** A header that is not UTF-8. */
  | 'InvalidHeader'
  /** A header that is not the JSON that the format asks for. */
  | 'InvalidHeaderDeserialization'
  /** A gap, an overlap, or an end before its start. */
  | 'InvalidOffset'
  /** A byte range that does not have the size of its shape and dtype. */
  | 'TensorInvalidInfo'
  /** A size that cannot be computed exactly. */
  | 'ValidationOverflow'
  /** Elements below one byte that do not fill whole bytes. */
  | 'MisalignedSlice'
  /** Bytes after the last tensor, or too few for it. */
  | 'MetadataIncompleteBuffer'
  /** The same tensor, metadata key or field twice. */
  | 'DuplicateKey'
  /** A tensor to write or to convert whose shape, dtype and bytes do not agree. */
  | 'InvalidTensorView'
  /** A name or metadata text that the format cannot hold. */
  | 'InvalidName'
  /** A dtype that has no conversion to the asked array. */
  | 'UnsupportedDType'
  /** A value that the asked array cannot hold. */
  | 'NotRepresentable';

/** The only error of this part: a file was refused, or a tensor cannot be written or converted. */
export class SafetensorsError extends Error {
  override readonly name: string = 'SafetensorsError';
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string) {
    super(`safetensors: ${message}`);
    this.code = code;
  }
}

const LONGEST_QUOTE = 80;

/** Text of a file, made safe for a one-line message: quoted, shortened, without control characters. */
export function quote(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(short).replace(/\p{C}/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** `tensor "weight_ih_l0"`, or `the tensor` where nobody said its name. */
export function describeTensor(name: string | undefined): string {
  return name === undefined ? 'the tensor' : `tensor ${quote(name)}`;
}
