export { LayerError, StateDictError, type LayerErrorCode, type ShapeMismatch, type StateDictFaults } from './errors.ts';
export { Module, type LoadOptions, type LoadReport, type StateDict } from './module.ts';
export type { ParameterOptions } from './init.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { Embedding } from './embedding.ts';
export { Dropout, type DropoutOptions } from './dropout.ts';
export { TimeDistributed, type TimeDistributedOptions } from './time-distributed.ts';
export type { Lengths, Mask } from './masks.ts';
export type { MergeMode } from './merge.ts';
export type { ForwardOptions, MaskedOutputs, RecurrentOptions, RecurrentState } from './options.ts';
export { Recurrent, type Inspection, type InspectOptions } from './recurrent.ts';
export { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.ts';
export { RNN, RNNCell, type Nonlinearity, type RNNCellOptions, type RNNOptions } from './rnn.ts';
export { LSTM, LSTMCell, type LSTMState } from './lstm.ts';
export { GRU, GRUCell, type GRUCellOptions, type GRUOptions } from './gru.ts';
export { AdditiveAttention, Attention, DotAttention, type AdditiveAttentionOptions, type Attended, type AttentionSource, type DotAttentionOptions } from './attention.ts';
export {
  Decoder, Encoder, EncoderDecoder, type Decoded, type DecoderOptions, type DecoderState, type Encoded, type EncoderDecoderOptions, type EncoderOptions,
} from './seq2seq.ts';
