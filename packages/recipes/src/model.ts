import { cells, type Cell, type CellName } from '@unroll/cells';
import { Dropout, Embedding, Linear, Module, Recurrent, type ForwardOptions, type RecurrentState } from '@unroll/layers';
import { scope, type DType, type Generator, type Tensor } from '@unroll/tensor';
import { textConfig, type TextConfig } from '@unroll/train';
import { check } from './errors.ts';

/** Which network: the part of a run description that decides which parameters there are. */
export interface TextArchitecture extends Pick<TextConfig, 'hidden' | 'layers' | 'embedding' | 'dropout'> {
  /** A cell, or its name in the registry of `@unroll/cells`. */
  readonly cell: Cell | string;
}

/** A run description as its author writes it: what is left out takes its default, the cell an LSTM. */
export interface TextRunOptions extends Partial<Omit<TextConfig, 'cell'>> {
  /** A cell, or its name in the registry of `@unroll/cells`. */
  readonly cell?: Cell | string;
}

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

  /** `symbols`: V, size of the vocabulary. Throws RecipeError `argument` for a name that no cell has, and for a cell without parameters. */
  constructor({ cell, hidden, layers, embedding, dropout }: TextArchitecture, symbols: number, options: TextModelOptions = {}) {
    super();
    const { generator } = options;
    this.embedding = new Embedding(symbols, embedding, options);
    this.rnn = new Recurrent(cellOf(cell), embedding, hidden, { numLayers: layers, dropout, ...options });
    this.drop = new Dropout(dropout, generator === undefined ? {} : { generator });
    this.head = new Linear(hidden, symbols, options);
  }

  /** ids int32 (T, B) → scores (T, B, V) of the symbol that follows each, and the state after the last step that counts. */
  forward(ids: Tensor, state?: RecurrentState, options: ForwardOptions = {}): readonly [logits: Tensor, state: RecurrentState] {
    return scope(() => {
      const [output, next] = this.rnn.forward(this.embedding.forward(ids), state, options);
      return [this.head.forward(this.drop.forward(output)), next] as const;
    });
  }
}

/** A complete, checked run description, plain JSON: a cell that was given as such is its name there. Throws ConfigError. */
export function textRunConfig({ cell = 'lstm', ...options }: TextRunOptions = {}): TextConfig {
  return typeof cell === 'string' ? textConfig({ ...options, cell }, Object.keys(cells)) : textConfig({ ...options, cell: cell.name }, [cell.name]);
}

/** The cell itself. Throws RecipeError `argument` as `TextModel` does. */
export function cellOf(cell: Cell | string): Cell {
  if (typeof cell === 'string') {
    check(Object.hasOwn(cells, cell), 'argument', () => `TextModel: there is no cell "${cell}"; there are ${Object.keys(cells).join(', ')}.`);
    return cells[cell as CellName];
  }
  const { name, inputGates, recurrentGates, vectors } = cell;
  check(inputGates.length + recurrentGates.length + vectors.length > 0, 'argument', () => `TextModel: the cell "${name}" has no parameters, so it cannot learn; give it a weight, such as W x.`);
  return cell;
}

/** Whether a name of the registry says all about a cell. */
export function isRegistered(cell: Cell): boolean {
  return Object.hasOwn(cells, cell.name) && cells[cell.name as CellName] === cell;
}
