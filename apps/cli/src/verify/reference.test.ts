import { readSafetensors, writeSafetensors, type RawTensor } from '@unroll/interop';
import { torchFixtures } from '@unroll/testing';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseReference, ReferenceFileError } from './reference.ts';

const bytesOf = (name: string): Uint8Array => readFileSync(torchFixtures().find((file) => basename(file) === `${name}.safetensors`) ?? name);

/** A file with something changed about it. */
function changed(name: string, change: (tensors: Map<string, RawTensor>, metadata: Map<string, string>) => void): Uint8Array {
  const file = readSafetensors(bytesOf(name));
  const [tensors, metadata] = [new Map(file.tensors), new Map(file.metadata)];
  change(tensors, metadata);
  return writeSafetensors(tensors, metadata);
}

describe('parseReference', () => {
  it('takes a module apart', () => {
    const reference = parseReference(bytesOf('lstm-stacked-bidirectional'));
    expect(reference).toMatchObject({
      kind: 'module',
      options: { mode: 'LSTM', inputSize: 4, hiddenSize: 6, numLayers: 3, bias: true, batchFirst: true, bidirectional: true, nonlinearity: 'tanh' },
    });
    if (reference.kind !== 'module') throw new Error('not a module');
    expect([...reference.inputs.keys()]).toEqual(['input', 'h0', 'c0']);
    expect([...reference.outputs.keys()]).toEqual(['output', 'h_n', 'c_n']);
    expect(reference.parameters.size).toBe(24);
    expect([...reference.gradients.keys()]).toEqual([...reference.parameters.keys(), 'input', 'h0', 'c0']);
    expect(reference.parameters.get('weight_ih_l1_reverse')?.shape).toEqual([24, 12]);
  });

  it('knows a module that started from zero', () => {
    const reference = parseReference(bytesOf('gru-zero-state'));
    expect(reference).toMatchObject({ inputs: new Map([['input', expect.anything()]]) });
  });

  it('takes packed, projected and single sequences apart', () => {
    expect(parseReference(bytesOf('lstm-packed'))).toMatchObject({ lengths: [7, 2, 5, 1], options: { batchFirst: true, projSize: 0 } });
    const projected = parseReference(bytesOf('lstm-projection-bidirectional'));
    expect(projected).toMatchObject({ options: { projSize: 3, hiddenSize: 6 } });
    if (projected.kind !== 'module') throw new Error('not a module');
    expect(projected).not.toHaveProperty('lengths');
    expect(projected.parameters.get('weight_hr_l0_reverse')?.shape).toEqual([3, 6]);
    expect([projected.inputs.get('h0')?.shape, projected.inputs.get('c0')?.shape]).toEqual([[2, 3, 3], [2, 3, 6]]);
    const single = parseReference(bytesOf('rnn-unbatched'));
    if (single.kind !== 'module') throw new Error('not a module');
    expect(single.inputs.get('input')?.shape).toHaveLength(2);
    expect(single.outputs.get('h_n')?.shape).toEqual(single.inputs.get('h0')?.shape);
  });

  it.each(['[7, 2, 5]', '[7, 2, 5, 8]', '[7, 2, 5, 0]', '[7, 2, 5, 1.5]', '{}', '[7, 2'])('refuses lengths that are not one of each row: %s', (lengths) => {
    expect(() => parseReference(changed('lstm-packed', (_, metadata) => metadata.set('lengths', lengths))))
      .toThrow(new ReferenceFileError(`metadata "lengths" must be a list of 4 whole numbers from 1 to 7, got ${JSON.stringify(lengths)}`));
  });

  it.each<[string, Parameters<typeof changed>[1], string]>([
    ['no input', (tensors) => tensors.delete('input'), 'not a reference file'],
    ['no mode', (_, metadata) => metadata.delete('mode'), 'not a reference file'],
    ['a foreign mode', (_, metadata) => metadata.set('mode', 'Transformer'), 'metadata "mode" must be one of RNN, LSTM, GRU, got "Transformer"'],
    ['a mode of the language', (_, metadata) => metadata.set('mode', 'constructor'), 'metadata "mode" must be one of'],
    ['no size', (_, metadata) => metadata.delete('hidden_size'), 'metadata "hidden_size" must be a whole number of at least 1, got null'],
    ['a bad size', (_, metadata) => metadata.set('num_layers', '-1'), 'metadata "num_layers" must be a whole number of at least 1, got "-1"'],
    ['a bad projection', (_, metadata) => metadata.set('proj_size', 'x'), 'metadata "proj_size" must be a whole number of at least 0, got "x"'],
    ['a missing parameter', (tensors) => tensors.delete('bias_hh_l0'), 'the tensor "bias_hh_l0" is missing'],
    ['a missing gradient', (tensors) => tensors.delete('grad.weight_hh_l0'), 'the tensor "grad.weight_hh_l0" is missing'],
    ['a gradient from above that is missing', (tensors) => tensors.delete('grad_h_n'), 'the tensor "grad_h_n" is missing'],
    ['another size', (_, metadata) => metadata.set('input_size', '9'), 'the tensor "weight_ih_l0" has shape [18, 4], but by the metadata it should be [18, 9]'],
    ['another direction', (_, metadata) => metadata.set('bidirectional', 'true'), 'is missing'],
    ['a swapped axis', (_, metadata) => metadata.set('batch_first', 'true'), 'the tensor "h0" has shape [1, 3, 6], but by the metadata it should be [1, 5, 6]'],
  ])('refuses %s', (_, change, message) => {
    expect(() => parseReference(changed('gru-basic', change))).toThrow(message);
  });

  it('leaves damaged files to the reader', () => {
    expect(() => parseReference(bytesOf('gru-basic').subarray(0, 1000))).toThrow('safetensors: ');
  });
});
