import { DataError } from './errors.ts';
import { sequenceSet, type Padding, type SequenceSet } from './sequences.ts';

/** Keys of a piano: MIDI pitches 21 to 108. */
export const pianoKeys = 88;

const lowestPitch = 21;

/** Frames of a piece, step by step: 88 bits each, 1 for each key that sounds. */
export type PianoRoll = Uint8Array;

/** The parts of the chorales as their publishers cut them. */
export interface Chorales {
  readonly train: readonly PianoRoll[];
  readonly validation: readonly PianoRoll[];
  readonly test: readonly PianoRoll[];
}

/**
 * Bach's chorales as JSON with the keys "train", "valid" and "test", each a list of pieces, a piece a list of steps, a step a list
 * of MIDI pitches. The parts are those of Boulanger-Lewandowski, Bengio and Vincent 2012 ("Modeling Temporal Dependencies in
 * High-Dimensional Sequences").
 *
 * @throws DataError `invalid-file` with the part, piece and step that are not so
 */
export function parseChorales(text: string, file: string): Chorales {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DataError('invalid-file', `${file}: not JSON (${(error as Error).message}); get the file again`);
  }
  const part = (name: string): PianoRoll[] => {
    const pieces = (json as Readonly<Record<string, unknown>> | null)?.[name];
    if (!Array.isArray(pieces) || pieces.length === 0) throw new DataError('invalid-file', `${file}: there is no list of pieces "${name}" in it`);
    return pieces.map((piece, index) => pianoRoll(piece, `${file}: piece ${index} of "${name}"`));
  };
  return { train: part('train'), validation: part('valid'), test: part('test') };
}

/**
 * Pieces as sequences: frames 1 ... T-1 are read, each is asked for the frame that follows it (88 bits a step). The negative
 * log-likelihood of a frame is the sum of the binary cross-entropies of its 88 keys; the mean is over all frames that are asked
 * for, as Bai, Kolter and Koltun 2018 (arXiv 1803.01271) have it.
 *
 * @param start begins each piece with a silent frame, so that its first frame is asked for as well
 */
export function choraleSet(pieces: readonly PianoRoll[], { start = false, ...padding }: Padding & { readonly start?: boolean } = {}): SequenceSet {
  const shift = start ? pianoKeys : 0;
  const length = (index: number): number => ((pieces[index] as PianoRoll).length + shift) / pianoKeys - 1;
  pieces.forEach((_, index) => {
    if (length(index) < 1) throw new DataError('invalid-file', `choraleSet: piece ${index} has too few frames to read one and ask for the next; leave it out`);
  });
  return sequenceSet({
    shape: { inputs: 'values', inputSize: pianoKeys, targets: 'binary', per: 'step', targetSize: pianoKeys },
    size: pieces.length,
    length,
    input: (index) => {
      const frames = (pieces[index] as PianoRoll).subarray(0, length(index) * pianoKeys - shift);
      return start ? Uint8Array.from([...new Uint8Array(pianoKeys), ...frames]) : frames;
    },
    target: (index) => (pieces[index] as PianoRoll).subarray(pianoKeys - shift),
  }, padding);
}

function pianoRoll(piece: unknown, where: string): PianoRoll {
  if (!Array.isArray(piece) || !piece.every((step) => Array.isArray(step))) throw new DataError('invalid-file', `${where} is not a list of steps that are lists of pitches`);
  const frames = new Uint8Array(piece.length * pianoKeys);
  (piece as unknown[][]).forEach((step, t) => {
    for (const pitch of step) frames[t * pianoKeys + keyOf(pitch, `${where}, step ${t}`)] = 1;
  });
  return frames;
}

function keyOf(pitch: unknown, where: string): number {
  const key = typeof pitch === 'number' ? pitch - lowestPitch : -1;
  if (Number.isInteger(key) && key >= 0 && key < pianoKeys) return key;
  throw new DataError('invalid-file', `${where}: a pitch is a whole number from 21 to 108, got ${JSON.stringify(pitch)}`);
}
