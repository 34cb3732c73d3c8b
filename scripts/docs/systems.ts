import type { CellName } from '@unroll/cells';

/** A system that has a cell, what the cell is called there, and what to know when its weights come from there. */
export interface System { readonly system: string; readonly there: string; readonly note: string }

const pytorchRNN: System = { system: 'PyTorch', there: '`nn.RNN`, `nn.RNNCell`', note: 'the same weights, names and shapes' };

/** Who else has a cell; by hand, from each system's documentation and source. */
export const systems: Readonly<Record<CellName, readonly System[]>> = {
  'rnn': [
    pytorchRNN,
    { system: 'Keras 3', there: '`SimpleRNN`', note: 'matrices transposed, one bias' },
    { system: 'TensorFlow.js', there: '`simpleRNN`', note: 'as Keras' },
    { system: 'ONNX', there: '`RNN`', note: 'activation `Tanh`; W and R with an axis of directions in front, both biases in one B' },
    { system: 'Flax, Haiku, MLX, Burn', there: '`SimpleCell`, `VanillaRNN`, `RNN`, `Rnn`', note: '' },
  ],
  'rnn-relu': [
    { ...pytorchRNN, there: "`nn.RNN(nonlinearity='relu')`" },
    { system: 'Keras 3', there: "`SimpleRNN(activation='relu')`", note: 'matrices transposed, one bias' },
    { system: 'ONNX', there: '`RNN`', note: 'activation `Relu`' },
  ],
  'indrnn': [{ system: 'haste', there: '`IndRNN`', note: 'tanh in the place of relu' }],
  'mingru': [{ system: 'minGRU-pytorch', there: '`minGRU`', note: 'computed in the space of logarithms, all steps at once' }],
  'minlstm': [{ system: 'minGRU-pytorch', there: '`minLSTM`', note: 'computed in the space of logarithms, all steps at once' }],
  'mgu': [{ system: 'Flax', there: '`MGUCell`', note: '' }],
  'gru': [
    { system: 'PyTorch, cuDNN', there: '`nn.GRU`, `nn.GRUCell`', note: 'the same weights, names and shapes; rows r z n' },
    { system: 'Keras 3', there: '`GRU`', note: '`reset_after=True`, its default; order z r h, bias (2, 3·H)' },
    { system: 'ONNX', there: '`GRU`', note: '`linear_before_reset = 1`; order z r h' },
    { system: 'WebNN', there: '`gru`', note: '`resetAfter`, its default; order zrn or rzn' },
    { system: 'Flax, Equinox, MLX', there: '`GRUCell`, `GRUCell`, `GRU`', note: 'order r z n, one bias, and one more in the candidate' },
    { system: 'haste, candle, Burn', there: '`GRU`, `GRU`, `Gru`', note: 'haste has the order z r n' },
  ],
  'gru-original': [
    { system: 'Keras 3', there: '`GRU(reset_after=False)`', note: 'order z r h, bias (3·H)' },
    { system: 'TensorFlow.js', there: '`gru`', note: 'the only form it has' },
    { system: 'ONNX', there: '`GRU`', note: '`linear_before_reset = 0`, its default' },
    { system: 'Haiku', there: '`GRU`', note: 'the update gate is reversed: negate the rows of z' },
    { system: 'Burn, brain.js', there: '`Gru`, `GRU`', note: '' },
  ],
  'gru-layernorm': [{ system: 'haste', there: '`LayerNormGRU`', note: 'its norms go over all 3·H channels at once' }],
  'lstm': [
    { system: 'PyTorch', there: '`nn.LSTM`, `nn.LSTMCell`', note: 'the same weights, names and shapes; rows i f g o; `proj_size` is `projSize`' },
    { system: 'Keras 3', there: '`LSTM`', note: 'order i f c o, matrices transposed, one bias' },
    { system: 'TensorFlow.js', there: '`lstm`', note: 'as Keras, but `hardSigmoid` by default: `lstmWith`' },
    { system: 'ONNX', there: '`LSTM`', note: 'order i o f c' },
    { system: 'WebNN', there: '`lstm`', note: 'order iofg or ifgo' },
    { system: 'Flax, Equinox, MLX', there: '`OptimizedLSTMCell`, `LSTMCell`, `LSTM`', note: 'order i f g o, one bias' },
    { system: 'Haiku', there: '`LSTM`', note: 'order i g f o on [x, h]; 1 is added to the forget gate' },
    { system: 'haste, candle, Burn, tinygrad, brain.js', there: '`LSTM`, `LSTMCell`', note: '' },
  ],
  'lstm-coupled': [{ system: 'ONNX', there: '`LSTM`', note: '`input_forget = 1`, which computes f = 1 − i and leaves the rows of f unused' }],
  'lstm-peephole': [
    { system: 'ONNX', there: '`LSTM` with input P', note: 'order i o f' },
    { system: 'WebNN', there: '`lstm` with `peepholeWeight`', note: '' },
    { system: 'synaptic', there: '`Architect.LSTM`', note: '' },
  ],
  'lstm-layernorm': [{ system: 'haste', there: '`LayerNormLSTM`', note: 'its norms of the products go over all 4·H channels at once' }],
  'slstm': [
    { system: 'xLSTM (NX-AI)', there: '`sLSTMCell`', note: 'several heads: recurrent matrices in blocks along the diagonal' },
    { system: 'FlashRNN', there: '`slstm`', note: 'order i f z o, several heads' },
  ],
};
