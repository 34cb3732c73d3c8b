import type { Cell } from './define.ts';
import { gruLayerNorm } from './gru-layernorm.ts';
import { gruOriginal } from './gru-original.ts';
import { gru } from './gru.ts';
import { indrnn } from './indrnn.ts';
import { lstmCoupled } from './lstm-coupled.ts';
import { lstmLayerNorm } from './lstm-layernorm.ts';
import { lstmPeephole } from './lstm-peephole.ts';
import { lstm } from './lstm.ts';
import { mgu } from './mgu.ts';
import { minGRU } from './mingru.ts';
import { minLSTM } from './minlstm.ts';
import { rnn, rnnRelu } from './rnn.ts';
import { slstm } from './slstm.ts';

export { activation, activations, type Activation, type ActivationMeaning, type ActivationName } from './activations.ts';
export { withClip } from './clip.ts';
export { defineCell, inputName, inputWeight, recurrentWeight, type Cell, type CellDefinition, type StepSymbols } from './define.ts';
export { CellError } from './errors.ts';
export { EquationError } from '@unroll/expr';
export { clip, layerNorm, logSigmoid } from './functions.ts';
export { idiomOf, type Idiom } from './idioms.ts';
export { latexOf } from './latex.ts';
export { withInputDropout, withRecurrentDropout, withZoneout, type ZoneoutMode } from './noise.ts';
export { projectionWeight, stepOf, weightsOf, type CellSizes } from './step.ts';
export { textOf } from './text-of.ts';
export { cellFromText, type CellNames } from './text.ts';
export { gruWith, lstmWith, rnnWith, type GRUVariant, type LSTMVariant, type RNNVariant } from './variants.ts';
export { gru, gruLayerNorm, gruOriginal, indrnn, lstm, lstmCoupled, lstmLayerNorm, lstmPeephole, mgu, minGRU, minLSTM, rnn, rnnRelu, slstm };

/** The name of a cell that comes with the library. */
export type CellName =
  | 'rnn' | 'rnn-relu' | 'indrnn' | 'mingru' | 'minlstm' | 'mgu' | 'gru' | 'gru-original' | 'gru-layernorm'
  | 'lstm' | 'lstm-coupled' | 'lstm-peephole' | 'lstm-layernorm' | 'slstm';

/** Every cell that comes with the library, by name, from simple to hard. */
export const cells: Readonly<Record<CellName, Cell>> = {
  'rnn': rnn,
  'rnn-relu': rnnRelu,
  'indrnn': indrnn,
  'mingru': minGRU,
  'minlstm': minLSTM,
  'mgu': mgu,
  'gru': gru,
  'gru-original': gruOriginal,
  'gru-layernorm': gruLayerNorm,
  'lstm': lstm,
  'lstm-coupled': lstmCoupled,
  'lstm-peephole': lstmPeephole,
  'lstm-layernorm': lstmLayerNorm,
  'slstm': slstm,
};
