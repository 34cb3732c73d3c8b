/** ONNX Runtime, inference only, on a model that `@unroll/interop` writes: `onnx.ts node|web`. */
import { cells } from '@unroll/cells';
import { writeOnnx, type ExchangedTensor } from '@unroll/interop';
import type { Case, CellName } from '../cases.ts';
import { valuesOf, type Data } from '../data.ts';
import { importPeer, versionOfPeer } from '../peers.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';

interface RuntimeTensor { readonly data: Float32Array }
interface RuntimeSession { run(inputs: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>> }
interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number }; logLevel: string };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: { create(file: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<RuntimeSession> };
}
type Exported = Exclude<CellName, 'own' | 'product'>;

const name = process.argv[2] === 'web' ? 'onnxruntime-web' : 'onnxruntime-node';
const oneThread = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' };

await serve(async (size, data) => {
  if (size.mode !== 'infer') throw new Error('it does not train');
  if (size.cell === 'own') throw new Error('its operators are RNN, LSTM and GRU; others run as Scan, which is not what is compared here');
  const runtime = await importPeer<Runtime>(name);
  runtime.env.logLevel = 'error';
  if (name === 'onnxruntime-web') runtime.env.wasm.numThreads = 1;
  const model = size.cell === 'product' ? writeOnnx({ layers: [{ kind: 'linear', weight: tensorOf(data, 'weight') }] }) : modelOf(size, size.cell, data);
  const session = await runtime.InferenceSession.create(model, oneThread);
  return { about: `${name} ${versionOfPeer(name)}, CPU, 1 thread, Node ${process.versions.node}`, run: inference(runtime, session, size, data) };
});

function inference({ Tensor }: Runtime, session: RuntimeSession, { cell, batch, hidden }: Case, data: Data): Session['run'] {
  const { shape, values } = valuesOf(data, 'inputs');
  const expected = valuesOf(data, 'targets').values.slice(-batch * hidden);
  return async (count) => {
    let output = new Float32Array();
    for (let k = 0; k < count; k++) output = ((await session.run({ input: new Tensor('float32', values, shape) }))['output']?.data ?? output) as typeof output;
    return cell === 'product' ? output[0] as number : meanSquare(output.slice(-batch * hidden), expected);
  };
}

function modelOf({ input, hidden, layers }: Case, cell: Exported, data: Data): Uint8Array {
  const names = [...data.keys()].filter((key) => key.startsWith('weight') || key.startsWith('bias'));
  const parameters = Object.fromEntries(names.map((key): [string, ExchangedTensor] => [key, tensorOf(data, key)]));
  return writeOnnx({ layers: [{ kind: 'recurrent', cell: cells[cell], inputSize: input, hiddenSize: hidden, numLayers: layers, parameters }] });
}

function tensorOf(data: Data, name: string): ExchangedTensor {
  const { shape, values } = valuesOf(data, name);
  return { shape, data: values };
}
