/** A fault in the use of a cell: a value that it does not have, an option that it cannot have. */
export class CellError extends Error {
  override readonly name = 'CellError';
}
