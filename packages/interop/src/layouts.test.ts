import { cells } from '@unroll/cells';
import { expect, test } from 'vitest';
import { gateOrders, type ExchangedCell } from './layouts.ts';

test("PyTorch's gates, as its documentation of nn.LSTM and nn.GRU stacks them", () => {
  expect(gateOrders.pytorch.rnn).toEqual(['h']);
  expect(gateOrders.pytorch['rnn-relu']).toEqual(['h']);
  expect(gateOrders.pytorch.lstm?.join('|')).toBe('i|f|g|o');
  expect(gateOrders.pytorch.gru?.join('|')).toBe('r|z|n');
});

test('every order holds the gates of the definition, each once', () => {
  expect.hasAssertions();
  for (const orders of Object.values(gateOrders)) {
    for (const [name, order = cells[name as ExchangedCell].inputGates] of Object.entries(orders)) expect(new Set(order)).toEqual(new Set(cells[name as ExchangedCell].inputGates));
  }
});
