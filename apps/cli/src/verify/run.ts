import type { BackendName } from '../backend.ts';
import { useBackend, widestFloat } from '../backend.ts';
import { reportOf } from '../errors.ts';
import { readBytes, readText } from '../files/read.ts';
import { compareAll, compareCurves } from './compare.ts';
import { runCurve } from './curve.ts';
import { runModule } from './module.ts';
import { parseReference, ReferenceFileError } from './reference.ts';
import { curveTolerances, defaultTolerances, judgeCurve, judgeModule, type Verdict } from './verdict.ts';

/** What a verification is asked for. */
export interface VerifyOptions {
  readonly backend: BackendName;
  /** The file that training curves were made from. */
  readonly text?: string | undefined;
  /** Absolute, or relative where the value is above 1; otherwise that of the kind of file and the backend. */
  readonly tolerance?: number | undefined;
}

/** Verifies one file after the other; a file that cannot be run has a verdict too. Opens and uses the backend. */
export async function* verifyFiles(files: readonly string[], options: VerifyOptions): AsyncGenerator<Verdict, void, void> {
  await useBackend(options.backend);
  for (const file of files) yield await verifyFile(file, options);
}

async function verifyFile(file: string, options: VerifyOptions): Promise<Verdict> {
  const { backend } = options;
  try {
    return { file, backend, ...(await judge(await readBytes(file, 'data'), options)) };
  } catch (error) {
    return { file, backend, ok: false, error: reportOf(error).line.replace(`${file}: `, '') };
  }
}

async function judge(bytes: Uint8Array, { backend, text, tolerance }: VerifyOptions): Promise<Omit<Verdict, 'file' | 'backend'>> {
  const reference = parseReference(bytes);
  if (reference.kind === 'curve') {
    if (text === undefined) throw new ReferenceFileError('a training curve needs the text that it was made from; name it with --text FILE');
    const curve = await runCurve(reference, await readText(text), widestFloat[backend]);
    return judgeCurve(compareCurves(reference, curve), tolerance ?? curveTolerances[backend]);
  }
  const { outputs, gradients } = await runModule(reference, widestFloat[backend]);
  return judgeModule(compareAll(reference.outputs, outputs), compareAll(reference.gradients, gradients), tolerance ?? defaultTolerances[backend]);
}
