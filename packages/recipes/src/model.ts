import { cells, type CellName } from '@unroll/cells';
import { Dropout, Embedding, Linear, Module, Recurrent, type RecurrentState } from '@unroll/layers';
import { scope, type DType, type Generator, type Tensor } from '@unroll/tensor';
import { textConfig, type TextConfig } from '@unroll/train';
import { check } from './errors.ts';

/** Which network: the part of a run description that decides which parameters there are. */
export type TextArchitecture = Pick<TextConfig, 'cell' | 'hidden' | 'layers' | 'embedding' | 'dropout'>;

/** Options of `TextModel`. */
export interface TextModelOptions {
  /** Where the initial parameters and dropout masks are drawn from. */
  readonly generator?: Generator;
  /** Default float32. */
  readonly dtype?: DType;
}

/**
 * A language model over symbols: embedding (V, E), recurrent layers of any cell (E → H, L layers), head (H → V). Dropout, where there
 * is any, lies between the layers and before the head. Its parameters are `embedding.weight`, `rnn.weight_ih_l0` … and `head.bias`.
 */
export class TextModel extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly drop: Dropout;
  readonly head: Linear;

  /** `symbols`: V, size of the vocabulary. `cell` is a name of the registry of `@unroll/cells`. */
  constructor({ cell, hidden, layers, embedding, dropout }: TextArchitecture, symbols: number, options: TextModelOptions = {}) {
    super();
    check(Object.hasOwn(cells, cell), 'argument', () => `TextModel: there is no cell "${cell}"; there are ${Object.keys(cells).join(', ')}.`);
    const { generator } = options;
    this.embedding = new Embedding(symbols, embedding, options);
    this.rnn = new Recurrent(cells[cell as CellName], embedding, hidden, { numLayers: layers, dropout, ...options });
    this.drop = new Dropout(dropout, generator === undefined ? {} : { generator });
    this.head = new Linear(hidden, symbols, options);
  }

  /** ids int32 (T, B) → scores (T, B, V) of the symbol that follows each, and the state after the last step. */
  forward(ids: Tensor, state?: RecurrentState): readonly [logits: Tensor, state: RecurrentState] {
    return scope(() => {
      const [output, next] = this.rnn.forward(this.embedding.forward(ids), state);
      return [this.head.forward(this.drop.forward(output)), next] as const;
    });
  }
}

/** A complete, checked run description; what is left out takes its default, the cell an LSTM. Throws ConfigError. */
export function textRunConfig(options: Partial<TextConfig> = {}): TextConfig {
  return textConfig({ cell: 'lstm', ...options }, Object.keys(cells));
}
