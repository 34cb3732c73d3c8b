import { DataError } from './errors.ts';
import { sequenceSet, type Padding, type SequenceSet } from './sequences.ts';
import type { Vocabulary } from './text.ts';

/** A file that its reader has opened: this package reads no files itself. */
export interface TextFile {
  /** With or without folders: `names/Korean.txt`. */
  readonly name: string;
  readonly text: string;
}

/** Lines with a class each. */
export interface LabelledLines {
  readonly lines: readonly string[];
  /** Index into `classes`, one for each line. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/**
 * One file a class, one sequence a line. The class is the name of the file without its folder and extension; classes are in
 * alphabetical order of these, lines in the order of the files. White space around lines and empty lines do not count.
 *
 * @throws DataError `invalid-file` where there are fewer than two classes, two files of one class, or a file without lines
 */
export function linesByClass(files: readonly TextFile[]): LabelledLines {
  const parts = files.map(({ name, text }) => ({ name, label: classOf(name), lines: linesOf(text) }));
  parts.sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
  if (parts.length < 2) throw new DataError('invalid-file', `linesByClass: ${parts.length} files make ${parts.length} classes; give one file a class, two at least`);
  parts.forEach(({ name, label, lines }, i) => {
    if (lines.length === 0) throw new DataError('invalid-file', `${name}: there are no lines in it; leave the file out or fill it`);
    if (parts[i - 1]?.label === label) throw new DataError('invalid-file', `${name}: a second file of the class "${label}"; rename one of them`);
  });
  return {
    lines: parts.flatMap(({ lines }) => lines),
    labels: Int32Array.from(parts.flatMap(({ lines }, label) => lines.map(() => label))),
    classes: parts.map(({ label }) => label),
  };
}

/** Lines as sequences of ids with one class each. Throws DataError `unknown-character` where the vocabulary lacks one. */
export function lineSet({ lines, labels, classes }: LabelledLines, vocabulary: Vocabulary, padding?: Padding): SequenceSet {
  const encoded = lines.map((line) => vocabulary.encode(line));
  return sequenceSet({
    shape: {
      inputs: 'ids', inputSize: vocabulary.size, targets: 'classification', per: 'sequence', targetSize: classes.length,
      inputSymbols: Array.from({ length: vocabulary.size }, (_, id) => vocabulary.decode([id])), targetSymbols: classes,
    },
    size: lines.length,
    length: (index) => (encoded[index] as Int32Array).length,
    input: (index) => encoded[index] as Int32Array,
    target: (index) => [labels[index] as number],
  }, padding);
}

function classOf(name: string): string {
  return name.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '');
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => line.trim()).filter((line) => line !== '');
}
