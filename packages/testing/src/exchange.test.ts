import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellFromText, cells, type Cell } from '@unroll/cells';
import { fromKeras, namedParameters, pytorchScript, readSafetensors, toFloat32Array, toKeras, writeSafetensors, type ExchangedTensor, type RecurrentLayer } from '@unroll/interop';
import { Recurrent } from '@unroll/layers';
import { reference, tensor, use } from '@unroll/tensor';
import { beforeAll, describe, expect, test } from 'vitest';

const [T, B, I, H] = [4, 2, 3, 5];

beforeAll(() => {
  use(reference());
});

async function exchanged(cell: Cell, options: { numLayers?: number; bidirectional?: boolean; bias?: boolean; projSize?: number } = {}): Promise<{ module: Recurrent; layer: RecurrentLayer }> {
  const module = new Recurrent(cell, cell.inputGates.length === 0 ? H : I, H, options);
  const parameters = Object.fromEntries(await Promise.all(Object.entries(module.stateDict()).map(async ([name, value]): Promise<[string, ExchangedTensor]> => [name, { shape: value.shape, data: Float32Array.from(await value.data()) }])));
  return { module, layer: { kind: 'recurrent', cell, inputSize: cell.inputGates.length === 0 ? H : I, hiddenSize: H, numLayers: 1, bidirectional: false, bias: true, ...options, parameters } };
}

describe('Keras', () => {
  test('LSTM: gates i f c o in columns, one bias that is the sum', async () => {
    const { layer } = await exchanged(cells.lstm);
    const [weights] = toKeras(layer).flat();
    const { weight_ih_l0: ih, bias_ih_l0: b, bias_hh_l0: c } = layer.parameters as Record<string, ExchangedTensor>;
    expect(weights?.kernel.shape).toEqual([I, 4 * H]);
    // Row 1 of the inputs, gate c (our g), unit 2.
    expect(weights?.kernel.data[1 * 4 * H + 2 * H + 2]).toBe(ih?.data[(2 * H + 2) * I + 1]);
    expect(weights?.bias?.data[7]).toBeCloseTo((b?.data[7] ?? 0) + (c?.data[7] ?? 0), 6);
  });

  test('GRU: gates z r h, and two biases with reset_after', async () => {
    const { layer } = await exchanged(cells.gru);
    const [weights] = toKeras(layer).flat();
    expect(weights?.bias?.shape).toEqual([2, 3 * H]);
    // The first gate there, z, is the second one here.
    expect(weights?.bias?.data[0]).toBe(layer.parameters['bias_ih_l0']?.data[H]);
    expect(weights?.kernel.data[0]).toBe(layer.parameters['weight_ih_l0']?.data[H * I]);
  });

  test.each(['rnn', 'lstm', 'gru', 'gru-original'] as const)('%s: there and back computes the same', async (name) => {
    const { module, layer } = await exchanged(cells[name], { numLayers: 2, bidirectional: true });
    const back = fromKeras(name, toKeras(layer));
    const other = new Recurrent(cells[name], I, H, { numLayers: 2, bidirectional: true });
    other.loadStateDict(Object.fromEntries(Object.entries(back.parameters).map(([key, { shape, data }]) => [key, tensor(data, { shape })])));
    const x = tensor(Float32Array.from({ length: T * B * I }, (_, k) => Math.sin(k)), { shape: [T, B, I] });
    const [ours, theirs] = [await module.forward(x)[0].data(), await other.forward(x)[0].data()];
    expect(Math.max(...ours.map((value, k) => Math.abs(value - (theirs[k] as number))))).toBeLessThan(1e-6);
  });

  test('what Keras does not have is refused', async () => {
    const { layer } = await exchanged(cells.indrnn);
    expect(() => toKeras(layer)).toThrow('keras: it has no layer that computes indrnn; it has SimpleRNN, LSTM and GRU.');
    expect(() => fromKeras('lstm', [])).toThrow('keras: there are no weights.');
  });
});

const own = cellFromText('name own\nstate h, m\nvector p\na = sigmoid(W_a x + R_a h)\nm = a * m + (1 - a) * softsign(W_b x + p * m)\nh = select(less(m, 0), m / 2, tanh(m) + min(m, abs(h)))\n');
const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', 'import torch']).status === 0);

/** Stands in for the safetensors package, which not every machine with torch has. */
const loader = `
import sys, types, json, struct, torch
def load_file(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    entry = lambda e: torch.frombuffer(bytearray(data[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]]), dtype=torch.float32).reshape(e["shape"])
    return {k: entry(e) for k, e in json.loads(data[8:8 + size]).items() if k != "__metadata__"}
sys.modules["safetensors"] = types.ModuleType("safetensors")
sys.modules["safetensors.torch"] = types.ModuleType("safetensors.torch")
sys.modules["safetensors.torch"].load_file = load_file
`;

describe('a PyTorch script', () => {
  test('has PyTorch\'s own modules where it has the cell, and equations where not', async () => {
    const text = pytorchScript({ layers: [(await exchanged(cells.gru, { numLayers: 2 })).layer, (await exchanged(own)).layer] });
    expect(text).toContain('nn.GRU(3, 5, num_layers=2, bias=True, bidirectional=False)');
    expect(text).toContain('class OwnLayer(nn.Module):');
    expect(text).toContain('a_new = torch.sigmoid((nn.functional.linear(x, p("weight_ih")[0:5])');
  });

  const all: [string, Cell][] = [...Object.entries(cells), ['own', own]];
  test.skipIf(python === undefined)(`every cell gives the same numbers there${python === undefined ? ' (SKIPPED: no Python with torch on this machine)' : ''}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unroll-'));
    const x = Float32Array.from({ length: T * B * I }, (_, k) => Math.sin(k));
    const made = await Promise.all(all.map(async ([, cell]) => await exchanged(cell, { numLayers: 2, bidirectional: true })));
    made.forEach(({ layer }, k) => {
      writeFileSync(join(folder, `m${k}.safetensors`), writeSafetensors(namedParameters({ layers: [layer] })));
      writeFileSync(join(folder, `m${k}.py`), pytorchScript({ layers: [layer] }, join(folder, `m${k}.safetensors`)));
    });
    const main = `${loader}
import importlib
sys.path.insert(0, ${JSON.stringify(folder)})
for k in range(${made.length}):
    net = importlib.import_module(f"m{k}").load()
    width = getattr(net.layers[0], "input_size", None) or net.layers[0].weight_ih_l0.shape[1] if hasattr(net.layers[0], "weight_ih_l0") else ${H}
    x = torch.sin(torch.arange(${T * B}.0 * width)).reshape(${T}, ${B}, width)
    print(json.dumps(net(x).flatten().tolist()))
`;
    const { stdout, stderr, status } = spawnSync(python ?? '', ['-'], { input: main, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(x).toHaveLength(T * B * I);
    for (const [k, { module, layer }] of made.entries()) {
      const input = tensor(Float32Array.from({ length: T * B * layer.inputSize }, (_, at) => Math.sin(at)), { shape: [T, B, layer.inputSize] });
      const [ours, theirs] = [await module.forward(input)[0].data(), JSON.parse(lines[k] ?? '[]') as number[]];
      expect({ cell: layer.cell.name, same: ours.every((value, at) => Math.abs(value - (theirs[at] as number)) < 1e-5) }).toEqual({ cell: layer.cell.name, same: true });
    }
  });
});

test('parameters have the names that the script loads', async () => {
  const { layer } = await exchanged(cells.lstm);
  const file = readSafetensors(writeSafetensors(namedParameters({ layers: [layer] })));
  const weight = file.tensors.get('layers.0.weight_ih_l0');
  expect(weight === undefined ? [] : [...toFloat32Array(weight, 'weight')]).toEqual([...(layer.parameters['weight_ih_l0']?.data ?? [])]);
});
