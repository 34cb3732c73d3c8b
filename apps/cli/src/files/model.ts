import { readSafetensors, toFloat32Array, writeSafetensors, type RawTensor, type SafetensorsFile } from '@unroll/interop';
import { checkpointOf, loadText, type LoadedText, type TextRun } from '@unroll/recipes';
import { scope, tensor, type Tensor } from '@unroll/tensor';
import { CliError, complaint } from '../errors.ts';
import { writeAtomically } from './atomic.ts';
import { readBytes } from './read.ts';

/** The mark by which we know our own files. */
const format = 'unroll';

/**
 * Saves a run as one safetensors file: parameters under PyTorch's names, optimiser (`optimizer.`) and recurrent state (`state.`)
 * beside them; the description (kind, version, config, vocabulary, training) as JSON in the metadata. Returns its size in bytes.
 */
export async function saveRun(path: string, run: TextRun): Promise<number> {
  const { description, tensors } = checkpointOf(run);
  const entries = Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: await value.data() }] as const);
  const texts = Object.entries(description).map(([key, value]) => [key, JSON.stringify(value)] as const);
  const bytes = writeSafetensors(await Promise.all(entries), { format, ...Object.fromEntries(texts) });
  try {
    await writeAtomically(path, bytes);
  } catch (error) {
    throw new CliError('runtime', `${path}: ${complaint(error)}; the model was not saved`);
  }
  return bytes.length;
}

/** The model in a file that `saveRun` wrote, on the backend in use. Throws a `CliError` of outcome `checkpoint` that names the file. */
export async function loadModel(path: string): Promise<LoadedText> {
  const bytes = await readBytes(path, 'checkpoint');
  try {
    const file = readSafetensors(bytes);
    const description = describe(file);
    const parameters = [...file.tensors].filter(([name]) => !/^(?:optimizer|state)\./.test(name));
    // What the model takes over, it copies or shares; the tensors themselves are freed with the scope.
    return scope(() => loadText(description, Object.fromEntries(parameters.map(([name, raw]) => [name, upload(name, raw)]))));
  } catch (error) {
    throw new CliError('checkpoint', `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe({ metadata }: SafetensorsFile): Readonly<Record<string, unknown>> {
  if (metadata.get('format') !== format) {
    throw new Error('a safetensors file, but not a model that `unroll train` saved: its metadata have no format "unroll"');
  }
  const texts = [...metadata].filter(([key]) => key !== 'format');
  return Object.fromEntries(texts.map(([key, text]) => [key, parse(key, text)]));
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`its metadata "${key}" are not JSON; the file is damaged`);
  }
}

function upload(name: string, raw: RawTensor): Tensor {
  return tensor(toFloat32Array(raw, name), { shape: raw.shape });
}
