/** ONNX Runtime, inference only, on a model that `@unroll/interop` writes: `onnx.ts node|web`. */
import { cells } from '@unroll/cells';
import { writeOnnx, type ExchangedTensor } from '@unroll/interop';
import type { Case, CellName } from '../cases.ts';
import { streamOf, valuesOf, type Data } from '../data.ts';
import { importPeer, versionOfPeer } from '../peers.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';

interface RuntimeTensor { readonly data: Float32Array; readonly dims: readonly number[] }
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
  if (size.mode !== 'infer' && size.mode !== 'stream') throw new Error('it does not train');
  if (size.cell === 'own') throw new Error('its operators are RNN, LSTM and GRU; others run as Scan, which is not what is compared here');
  const runtime = await importPeer<Runtime>(name);
  runtime.env.logLevel = 'error';
  if (name === 'onnxruntime-web') runtime.env.wasm.numThreads = 1;
  const model = size.cell === 'product' ? writeOnnx({ layers: [{ kind: 'linear', weight: tensorOf(data, 'weight') }] }) : modelOf(size, size.cell, data);
  const session = await runtime.InferenceSession.create(model, oneThread);
  return { about: `${name} ${versionOfPeer(name)}, CPU, 1 thread, Node ${process.versions.node}`, run: size.mode === 'stream' ? streaming(runtime, session, size, data) : inference(runtime, session, size, data) };
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

/** The last states go in as the next initial ones, as they come out. */
function streaming({ Tensor }: Runtime, session: RuntimeSession, size: Case, data: Data): Session['run'] {
  const { cell, batch, input, hidden, layers } = size;
  const { steps, expected } = streamOf(size, data);
  const names = cell === 'lstm' ? ['h', 'c'] : ['h'];
  let states = Object.fromEntries(names.map((state) => [`${state}0`, new Tensor('float32', new Float32Array(layers * batch * hidden), [layers, batch, hidden])]));
  return async (count) => {
    let output = new Float32Array();
    for (let k = 0; k < count; k++) {
      for (const step of steps) {
        const results = await session.run({ input: new Tensor('float32', step, [1, batch, input]), ...states });
        output = (results['output']?.data ?? output) as typeof output;
        states = Object.fromEntries(names.map((state) => [`${state}0`, results[`${state}n`] as RuntimeTensor]));
      }
    }
    return meanSquare(output, expected);
  };
}

function modelOf({ mode, input, hidden, layers }: Case, cell: Exported, data: Data): Uint8Array {
  const names = [...data.keys()].filter((key) => key.startsWith('weight') || key.startsWith('bias'));
  const parameters = Object.fromEntries(names.map((key): [string, ExchangedTensor] => [key, tensorOf(data, key)]));
  return writeOnnx({ layers: [{ kind: 'recurrent', cell: cells[cell], inputSize: input, hiddenSize: hidden, numLayers: layers, parameters }] }, { states: mode === 'stream' });
}

function tensorOf(data: Data, name: string): ExchangedTensor {
  const { shape, values } = valuesOf(data, name);
  return { shape, data: values };
}
