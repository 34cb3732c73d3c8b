import type { CellChoice } from '../config/config.ts';

/** How cells are called on the page, in every language. */
const names: Readonly<Record<CellChoice['cell'], string>> = {
  'rnn': 'RNN', 'rnn-relu': 'RNN (ReLU)', 'indrnn': 'IndRNN', 'mingru': 'minGRU', 'minlstm': 'minLSTM', 'mgu': 'MGU', 'gru': 'GRU', 'gru-original': 'GRU (2014)', 'gru-layernorm': 'GRU + LayerNorm',
  'lstm': 'LSTM', 'lstm-coupled': 'LSTM (coupled gates)', 'lstm-peephole': 'LSTM + peepholes', 'lstm-layernorm': 'LSTM + LayerNorm', 'slstm': 'sLSTM', 'custom': '✎ custom',
};

/** A cell's name as people write it. */
export function cellTitle(cell: CellChoice['cell']): string {
  return names[cell];
}

/** A number with as many digits as say something. */
export function figure(value: number | undefined, digits = 3): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(digits);
}

/** A number where there is room for four characters: two digits, at most three after the point. */
export function brief(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return figure(value);
  const text = Math.abs(value) < 0.0995 ? value.toFixed(3) : Math.abs(value) < 9.95 ? value.toPrecision(2) : Math.abs(value) < 1e4 ? value.toFixed(0) : value.toExponential(0);
  return (Number(text) === 0 ? '0' : text).replace('-', '−');
}

/** A share as a percentage. */
export function percent(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : `${Math.round(Math.max(-9.99, value) * 100)} %`.replace('-', '−');
}

/** Marks of the three models, so that colour is never all that tells them apart. */
export const marks: readonly string[] = ['●', '▲', '■'];
