import { classify, forecast, loadText, tag, translate, type LoadedForecast, type LoadedSequences, type LoadedText, type LoadedTranslator } from '@unroll/recipes';
import { scope } from '@unroll/tensor';
import { CliError } from '../errors.ts';
import { dataOptions, readCheckpoint, refusing, uploaded } from '../files/checkpoint.ts';
import { modelIn } from '../files/run-folder.ts';
import type { Values } from '../options/spec.ts';

/** A model of any kind, ready to answer, with how its data were read. */
export type LoadedAny = { readonly file: string; readonly options: Values } & (
  | ({ readonly kind: 'text' } & LoadedText) | LoadedSequences<'classify'> | LoadedSequences<'tag'> | LoadedForecast | LoadedTranslator
);

/** The model in a file or a run folder, on the backend in use. Throws a `CliError` of outcome `checkpoint` that names the file. */
export async function loadAny(path: string): Promise<LoadedAny> {
  const file = await modelIn(path);
  const saved = await readCheckpoint(file);
  const { description } = saved;
  const options = dataOptions(saved);
  // Only training needs the optimiser.
  const parameters = new Map([...saved.tensors].filter(([name]) => !/^(?:optimizer|state)\./.test(name)));
  return refusing(file, () => scope((): LoadedAny => {
    const tensors = uploaded(parameters);
    switch (description['kind']) {
      case 'text': return { file, options, kind: 'text', ...loadText(description, tensors) };
      case 'classify': return { file, options, ...classify.load(description, tensors) };
      case 'tag': return { file, options, ...tag.load(description, tensors) };
      case 'forecast': return { file, options, ...forecast.load(description, tensors) };
      case 'translate': return { file, options, ...translate.load(description, tensors) };
      default: throw new CliError('checkpoint', `${file}: it holds a ${JSON.stringify(description['kind'])}, which this release does not know`);
    }
  }));
}
