import type { CellName } from '@unroll/cells';
import type { InsideKey } from '../words/inside.ts';

/** A known change to a cell: a few lines to try. */
export interface Preset { readonly word: Extract<InsideKey, `preset.${string}`>; readonly text: string }

type Family = 'rnn' | 'gru' | 'lstm';

const lstm = {
  i: 'i = sigmoid(W_i x + R_i h + b_i)', f: 'f = sigmoid(W_f x + R_f h + b_f)', g: 'g = tanh(W_g x + R_g h + b_g)', o: 'o = sigmoid(W_o x + R_o h + b_o)',
};
const gru = { r: 'r = sigmoid(W_r x + R_r h + b_r)', z: 'z = sigmoid(W_z x + R_z h + b_z)', h: 'h = (1 - z) * n + z * h' };
const lines = (...all: readonly string[]): string => all.join('\n');

const presets: Readonly<Record<Family, readonly Preset[]>> = {
  rnn: [
    { word: 'preset.original', text: 'h = tanh(W_h x + R_h h + b_h)' },
    { word: 'preset.relu', text: 'h = relu(W_h x + R_h h + b_h)' },
    { word: 'preset.linear', text: 'h = W_h x + R_h h + b_h' },
    { word: 'preset.leaky', text: 'h = 0.9 * h + 0.1 * tanh(W_h x + R_h h + b_h)' },
    { word: 'preset.gated', text: lines(gru.z, 'n = tanh(W_n x + R_n h + b_n)', 'h = (1 - z) * n + z * h') },
  ],
  gru: [
    { word: 'preset.original', text: lines(gru.r, gru.z, 'n = tanh(W_n x + r * (R_n h + b_Rn) + b_Wn)', gru.h) },
    { word: 'preset.noReset', text: lines(gru.z, 'n = tanh(W_n x + R_n h + b_n)', gru.h) },
    { word: 'preset.resetBefore', text: lines(gru.r, gru.z, 'n = tanh(W_n x + R_n (r * h) + b_n)', gru.h) },
    { word: 'preset.minimal', text: lines('f = sigmoid(W_f x + R_f h + b_f)', 'n = tanh(W_n x + R_n (f * h) + b_n)', 'h = (1 - f) * h + f * n') },
  ],
  lstm: [
    { word: 'preset.original', text: lines(lstm.i, lstm.f, lstm.g, lstm.o, 'c = f * c + i * g', 'h = o * tanh(c)') },
    { word: 'preset.peepholes', text: lines('vector p_i, p_f, p_o', 'i = sigmoid(W_i x + R_i h + p_i * c + b_i)', 'f = sigmoid(W_f x + R_f h + p_f * c + b_f)', lstm.g, 'c = f * c + i * g', 'o = sigmoid(W_o x + R_o h + p_o * c + b_o)', 'h = o * tanh(c)') },
    { word: 'preset.noForget', text: lines(lstm.i, lstm.g, lstm.o, 'c = c + i * g', 'h = o * tanh(c)') },
    { word: 'preset.coupled', text: lines(lstm.i, 'f = 1 - i', lstm.g, lstm.o, 'c = f * c + i * g', 'h = o * tanh(c)') },
    { word: 'preset.noInput', text: lines(lstm.f, lstm.g, lstm.o, 'c = f * c + g', 'h = o * tanh(c)') },
    { word: 'preset.noOutput', text: lines(lstm.i, lstm.f, lstm.g, 'c = f * c + i * g', 'h = tanh(c)') },
  ],
};

/** What a cell of the registry is a kind of. */
const families: Readonly<Record<CellName, Family>> = {
  'rnn': 'rnn', 'rnn-relu': 'rnn', 'indrnn': 'rnn', 'mingru': 'gru', 'minlstm': 'gru', 'mgu': 'gru', 'gru': 'gru', 'gru-original': 'gru', 'gru-layernorm': 'gru',
  'lstm': 'lstm', 'lstm-coupled': 'lstm', 'lstm-peephole': 'lstm', 'lstm-layernorm': 'lstm', 'slstm': 'lstm',
};

/** Changes to try on a cell: by its kind, or for equations of one's own by how many states and gates they have. */
export function presetsFor(cell: CellName | 'custom', shape: { readonly states: number; readonly gates: number } = { states: 1, gates: 1 }): readonly Preset[] {
  if (cell !== 'custom') return presets[families[cell]];
  return presets[shape.states > 1 ? 'lstm' : shape.gates > 1 ? 'gru' : 'rnn'];
}
