import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { namedParameters, pytorchScript, writeOnnx, writeSafetensors } from '@unroll/interop';
import { useBackend } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError, complaint } from '../errors.ts';
import { saveBytes } from '../files/checkpoint.ts';
import { loadModel } from '../files/model.ts';
import { isFolder } from '../files/run-folder.ts';
import { checkTarget } from '../files/target.ts';
import { bytes } from '../print/format.ts';
import { kerasTensors } from './keras.ts';
import { exchanged, type Exchanged } from './network.ts';

/** What can be written. */
export type ExportFormat = 'safetensors' | 'onnx' | 'pytorch' | 'keras';

/** What the command line may say about it. */
export interface ExportFlags {
  readonly to: ExportFormat;
  readonly out?: string;
  readonly states?: true;
}

/** `unroll export`: a model as a file, or several, that other programs read. */
export async function exportModel(path: string, { to, out, states }: ExportFlags, session: Session): Promise<void> {
  if (states === true && to !== 'onnx') throw new CliError('usage', `--states is a choice of ONNX files; leave it out, or use --to onnx`);
  if (out === '-' && to === 'pytorch') throw new CliError('usage', '--to pytorch makes a folder, which stdout cannot take; name it with --out');
  const target = out ?? (await defaultTarget(path, to));
  if (target !== '-' && to !== 'pytorch') await checkTarget(target);
  await useBackend('wasm');
  const loaded = await loadModel(path);
  const model = await exchanged(loaded).finally(() => loaded.model.dispose());
  for (const [name, content] of filesOf(model, to, states === true)) await put(to === 'pytorch' ? join(target, name) : target, target, content, session);
}

type Files = readonly (readonly [name: string, content: Uint8Array])[];

function filesOf(model: Exchanged, to: ExportFormat, states: boolean): Files {
  const metadata = { unroll: JSON.stringify({ ...model.description, layout: to }) };
  const writers: Readonly<Record<ExportFormat, () => Files>> = {
    safetensors: () => [['', writeSafetensors(Object.entries(model.parameters), { ...metadata, format: 'pt' })]],
    onnx: () => [['', writeOnnx(model.network, { states, metadata })]],
    keras: () => [['', writeSafetensors(kerasTensors(model.network), { ...metadata, format: 'keras' })]],
    pytorch: () => [
      ['model.safetensors', writeSafetensors(namedParameters(model.network), { ...metadata, format: 'pt' })],
      ['model.py', Buffer.from(pytorchScript(model.network))],
      ['vocabulary.json', Buffer.from(`${JSON.stringify((model.description as { readonly vocabulary?: unknown }).vocabulary)}\n`)],
    ],
  };
  return writers[to]();
}

async function put(path: string, target: string, content: Uint8Array, { io }: Session): Promise<void> {
  if (path === '-') {
    io.writeBytes(content);
    return;
  }
  if (path !== target) await mkdir(target, { recursive: true }).catch((error: unknown) => { throw new CliError('usage', `--out ${target}: ${complaint(error)}; choose another place`); });
  saveBytes(path, content);
  io.stderr.write(`saved ${path} (${bytes(content.length)})\n`);
}

const endings: Readonly<Record<ExportFormat, string>> = { safetensors: '-weights.safetensors', onnx: '.onnx', keras: '-keras.safetensors', pytorch: '-pytorch' };

async function defaultTarget(path: string, to: ExportFormat): Promise<string> {
  const stem = (await isFolder(path)) ? basename(path) : basename(path, extname(path));
  return `${stem}${endings[to]}`;
}
