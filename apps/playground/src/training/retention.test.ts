import { cellFromText, cells, type CellName } from '@unroll/cells';
import { describe, expect, it } from 'vitest';
import { retentionOf } from './retention.ts';

describe('retentionOf', () => {
  it('finds the gates that keep', () => {
    const found = Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, retentionOf(cell).map(({ gate, sign }) => (sign > 0 ? gate : `-${gate}`)).join()]));
    const expected: Partial<Record<CellName, string>> = {
      'rnn': '', 'rnn-relu': '', 'indrnn': '', 'lstm': 'f', 'lstm-coupled': '-i', 'lstm-peephole': 'f', 'gru': 'z', 'gru-original': 'z', 'mgu': '-f', 'mingru': '-z',
    };
    expect(found).toMatchObject(expected);
  });

  it('reads them off a cell of one\'s own, whatever they are called', () => {
    const own = cellFromText('hold = sigmoid(W_hold x + R_hold h + b_hold)\nh = hold * h + (1 - hold) * tanh(W_n x + R_n h + b_n)');
    expect(retentionOf(own)).toEqual([{ gate: 'hold', sign: 1 }]);
  });
});
