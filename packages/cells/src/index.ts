import type { Cell } from './define.ts';
import { gruOriginal } from './gru-original.ts';
import { gru } from './gru.ts';
import { lstm } from './lstm.ts';
import { rnn, rnnRelu } from './rnn.ts';

export { defineCell, inputName, inputWeight, recurrentWeight, type Cell, type CellDefinition, type StepSymbols } from './define.ts';
export { stepOf, weightsOf, type CellSizes } from './step.ts';
export { latexOf } from './latex.ts';
export { gru, gruOriginal, lstm, rnn, rnnRelu };

/** The name of a cell that comes with the library. */
export type CellName = 'rnn' | 'rnn-relu' | 'gru' | 'gru-original' | 'lstm';

/** Every cell that comes with the library, by name, from simple to hard. */
export const cells: Readonly<Record<CellName, Cell>> = { 'rnn': rnn, 'rnn-relu': rnnRelu, 'gru': gru, 'gru-original': gruOriginal, 'lstm': lstm };
