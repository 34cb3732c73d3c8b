import { DataError, integerOption } from './errors.ts';
import { Rng } from './rng.ts';
import { sequenceSet, type SequenceSet } from './sequences.ts';

/** An array of bytes as IDX files hold it. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes (the format of MNIST: two zero bytes, type 8, number of dimensions, the dimensions as
 * big-endian 32-bit numbers, the values), gzipped or not.
 *
 * @throws DataError `invalid-file` for another type or where the values are fewer or more than the dimensions say
 */
export async function parseIdx(bytes: Uint8Array, file: string): Promise<IdxArray> {
  const plain = await gunzip(bytes, file);
  const [zero, alsoZero, type, rank = 0] = plain;
  if (plain.length < 4 + 4 * rank || zero !== 0 || alsoZero !== 0 || rank === 0) throw new DataError('invalid-file', `${file}: not an IDX file; MNIST's end in -ubyte or -ubyte.gz`);
  if (type !== 8) throw new DataError('invalid-file', `${file}: an IDX file of type 0x${type?.toString(16)}; only unsigned bytes (0x8) are read`);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const data = plain.subarray(4 + 4 * rank);
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (data.length !== wanted) throw new DataError('invalid-file', `${file}: ${shape.join(' x ')} bytes are announced but ${data.length} are there; get the file again`);
  return { shape, data };
}

/** The bytes themselves, or what they are the gzip of. Throws DataError `invalid-file` where the gzip is damaged. */
export async function gunzip(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new DataError('invalid-file', `${file}: damaged gzip (${(error as Error).message}); get the file again`);
  }
}

/** How an image becomes a sequence: a row a step, a pixel a step, or a pixel a step in one fixed random order. */
export type DigitOrder = 'rows' | 'pixels' | 'permuted';

/** How images are read. */
export interface DigitOptions {
  /** Rows unless given. */
  readonly order?: DigitOrder;
  /** Of the permutation; 0 unless given. */
  readonly seed?: number;
  /** 10 unless given. */
  readonly classes?: number;
}

/**
 * Images with a class each as sequences, values from 0 to 1. Rows: T = 28, I = 28. Pixels: T = 784, I = 1 ("sequential MNIST").
 * Permuted: the same, all images in one order drawn with `seed`, so that neighbours are far apart in time (Le, Jaitly and Hinton
 * 2015, arXiv 1504.00941). Papers drew other orders; their results differ by chance from this one.
 *
 * @param images [N, rows, columns]
 * @param labels [N]
 * @throws DataError `invalid-file` where images and labels do not belong together, or a label is not one of the classes
 */
export function digitSet(images: IdxArray, labels: IdxArray, { order = 'rows', seed = 0, classes = 10 }: DigitOptions = {}): SequenceSet {
  const [count = 0, rows = 0, columns = 0] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count || count === 0) {
    throw new DataError('invalid-file', `digitSet: images of ${images.shape.join(' x ')} and labels of ${labels.shape.join(' x ')} do not belong together`);
  }
  integerOption('digitSet', 'seed', seed, 0);
  const pixels = rows * columns;
  const places = placesOf(order, pixels, seed);
  const foreign = labels.data.findIndex((label) => label >= classes);
  if (foreign >= 0) throw new DataError('invalid-file', `digitSet: label ${foreign} is ${labels.data[foreign]}, but there are ${classes} classes; give "classes"`, { position: foreign });
  return sequenceSet({
    shape: {
      inputs: 'values', inputSize: order === 'rows' ? columns : 1, targets: 'classification', per: 'sequence', targetSize: classes,
      targetSymbols: Array.from({ length: classes }, (_, label) => String(label)),
    },
    size: count,
    length: () => (order === 'rows' ? rows : pixels),
    input: (index) => Float32Array.from(places, (place) => (images.data[index * pixels + place] as number) / 255),
    target: (index) => [labels.data[index] as number],
  });
}

function placesOf(order: DigitOrder, pixels: number, seed: number): Int32Array {
  const places = Int32Array.from({ length: pixels }, (_, place) => place);
  return order === 'permuted' ? new Rng(seed).shuffle(places) : places;
}
