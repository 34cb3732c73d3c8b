import { loadText, type LoadedText } from '@unroll/recipes';
import { scope } from '@unroll/tensor';
import { readCheckpoint, refusing, uploaded } from './checkpoint.ts';
import { modelIn } from './run-folder.ts';

/**
 * The text model in a file that `unroll train` saved, or in a run folder, on the backend in use. Throws a `CliError` of outcome
 * `checkpoint` that names the file.
 */
export async function loadModel(path: string): Promise<LoadedText> {
  const file = await modelIn(path);
  const { description, tensors } = await readCheckpoint(file);
  // What the model takes over, it copies or shares; the tensors themselves are freed with the scope. Only training needs the others.
  const parameters = new Map([...tensors].filter(([name]) => !/^(?:optimizer|state|best)\./.test(name)));
  return refusing(file, () => scope(() => loadText(description, uploaded(parameters))));
}
