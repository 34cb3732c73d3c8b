import type { MadeFile } from './files.ts';

/** Hands files to the visitor, as downloads. */
export function save(files: readonly (MadeFile | { readonly name: string; readonly blob: Blob })[]): void {
  for (const file of files) {
    const address = URL.createObjectURL('blob' in file ? file.blob : new Blob([file.bytes]));
    const link = document.createElement('a');
    link.href = address;
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
