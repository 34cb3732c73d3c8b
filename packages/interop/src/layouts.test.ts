import { expect, test } from 'vitest';
import { gateOrders } from './layouts.ts';

test("PyTorch's gates, as its documentation of nn.LSTM and nn.GRU stacks them", () => {
  expect(gateOrders.pytorch.rnn).toEqual(['h']);
  expect(gateOrders.pytorch['rnn-relu']).toEqual(['h']);
  expect(gateOrders.pytorch.lstm.join('|')).toBe('i|f|g|o');
  expect(gateOrders.pytorch.gru.join('|')).toBe('r|z|n');
});
