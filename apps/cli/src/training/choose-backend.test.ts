import { gru, lstm } from '@unroll/cells';
import { currentBackend } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { useChoice, workloadOf } from './choose-backend.ts';

test('the settings of a training say what is measured', () => {
  expect(workloadOf({ cell: 'gru', hidden: 96, embedding: 32, layers: 2, length: 50, batch: 8 })).toEqual({ cell: gru, inputSize: 32, hiddenSize: 96, numLayers: 2, steps: 50, batch: 8 });
  expect(workloadOf({ cell: 'toString', batch: 0 })).toEqual({ cell: lstm, inputSize: 128, hiddenSize: 128, numLayers: 1, steps: 64, batch: 32 });
});

test('a backend that is named is used without a word; where none is, there is a reason', async () => {
  const said: string[] = [];
  expect(await useChoice({ backend: 'reference', config: {} }, (sentence) => said.push(sentence))).toBe('reference');
  expect(said).toEqual([]);
  const name = await useChoice({ backend: 'auto', config: { hidden: 8, batch: 2, length: 4 } }, (sentence) => said.push(sentence));
  expect(currentBackend().name).toBe(name);
  expect(said).toEqual([expect.stringMatching(/^computing on the (GPU|processor), because /u)]);
});
