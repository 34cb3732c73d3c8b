import { DataError } from '@unroll/datasets';
import type { RunSpec } from '../protocol.ts';
import { airlineSource } from './airline.ts';
import { generatedSource } from './generated.ts';
import type { Source } from './source.ts';

/** The data of a run. What a task alone needs is loaded with it. Throws DataError where a text or table cannot be learnt from. */
export async function sourceOf(spec: RunSpec): Promise<Source> {
  const { task, data } = spec;
  if (task === 'text') {
    const { textSource } = await import('./text.ts');
    return textSource(data?.text ?? (await builtInText()), data?.name ?? 'text', spec);
  }
  if (task === 'csv') {
    const { tableSource } = await import('./table.ts');
    if (data === undefined) throw new DataError('invalid-file', 'there is no table yet; paste one, or drop a CSV file on the page');
    return tableSource(data, spec);
  }
  return task === 'airline' ? airlineSource(spec) : generatedSource(task, spec);
}

async function builtInText(): Promise<string> {
  const { defaultText } = await import('./story.ts');
  return defaultText();
}
