import type { Cell } from '@unroll/cells';
import { concat, full, narrow, permute, reshape, scope, squeeze, tanh, unsqueeze, zeros, type Tensor } from '@unroll/tensor';
import type { Attended, Attention, AttentionSource } from './attention.ts';
import { Embedding } from './embedding.ts';
import { check, shapeText } from './errors.ts';
import type { ParameterOptions } from './init.ts';
import { Linear } from './linear.ts';
import type { MergeMode } from './merge.ts';
import { Module } from './module.ts';
import type { ForwardOptions, RecurrentOptions, RecurrentState } from './options.ts';
import { Recurrent } from './recurrent.ts';
import { asState } from './states.ts';

/** Options of `Encoder`: those of its recurrent layers. */
export interface EncoderOptions extends Pick<RecurrentOptions, SharedOption | 'bidirectional'> {
  /** How the outputs of the two directions become one. Default 'concat'. */
  readonly mergeMode?: Exclude<MergeMode, 'none'>;
}

/** What an encoder makes of its source. */
export interface Encoded {
  /** (T, B, H): the outputs of the last layer at every step, for attention. */
  readonly memory: Tensor;
  /** After each row's last step. */
  readonly state: RecurrentState;
}

/** Reads a sequence of symbols: `embedding` (V, E), then recurrent layers `rnn` of any cell. */
export class Encoder extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;

  /** @throws LayerError `argument` for sizes or options that are not */
  constructor(cell: Cell, numEmbeddings: number, embeddingDim: number, hiddenSize: number, options: EncoderOptions = {}) {
    super();
    checkOptions('Encoder', options, [...sharedOptions, 'bidirectional', 'mergeMode']);
    check((options.mergeMode as string | undefined) !== 'none', 'argument', () => 'Encoder: mergeMode must make one memory of the two directions, got none; choose concat, sum, mul or average.');
    this.embedding = new Embedding(numEmbeddings, embeddingDim, parameterOptions(options));
    this.rnn = new Recurrent(cell, embeddingDim, hiddenSize, options);
  }

  /** int32 ids (T, B), of which rows may end early (`lengths`) or have gaps (`mask`). */
  forward(ids: Tensor, options: ForwardOptions = {}): Encoded {
    checkIds('Encoder', ids, 2);
    return scope(() => {
      const [memory, state] = this.rnn.forward(this.embedding.forward(ids), undefined, options);
      return { memory, state };
    });
  }
}

/** Options of `Decoder`. */
export interface DecoderOptions extends Pick<RecurrentOptions, SharedOption> {
  /** What looks back at the source: its query is the output of `rnn`. Default: nothing, the state alone carries it over. */
  readonly attention?: Attention;
}

/** What a decoder carries from step to step. All tensors have their rows on axis 1, also the parts of the source. */
export interface DecoderState {
  readonly recurrent: RecurrentState;
  /** With attention. */
  readonly source?: AttentionSource;
}

/** What a decoder says. */
export interface Decoded {
  /** Scores of the symbol that comes next, (S, B, V) or, for a single step, (B, V). */
  readonly logits: Tensor;
  readonly state: DecoderState;
  /** With attention: where it looked, (S, B, T) or (B, T). */
  readonly weights?: Tensor;
}

/**
 * Writes a sequence of symbols: `embedding` (V, E), recurrent layers `rnn` of any cell, `head` (V, H). With `attention`, the context is
 * put beside the output before the head: tanh(`combine` [context; output]), Luong et al. 2015, equation 5. Attention stands behind the
 * recurrent layers whatever its scores are, so that all steps of teacher forcing are one scan.
 */
export class Decoder extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly attention: Attention | undefined;
  readonly combine: Linear | undefined;
  readonly head: Linear;

  /** @throws LayerError `argument` for sizes or options that are not, or an attention whose queries have another size */
  constructor(cell: Cell, numEmbeddings: number, embeddingDim: number, hiddenSize: number, { attention, ...options }: DecoderOptions = {}) {
    super();
    checkOptions('Decoder', options, sharedOptions);
    const parameters = parameterOptions(options);
    this.embedding = new Embedding(numEmbeddings, embeddingDim, parameters);
    this.rnn = new Recurrent(cell, embeddingDim, hiddenSize, options);
    const { outputSize } = this.rnn;
    check(attention === undefined || attention.querySize === outputSize, 'argument',
      () => `Decoder: the attention must have the decoder's ${outputSize} outputs as querySize, got ${attention?.querySize}.`);
    this.attention = attention;
    this.combine = attention === undefined ? undefined : new Linear(attention.memorySize + outputSize, outputSize, { bias: false, ...parameters });
    this.head = new Linear(outputSize, numEmbeddings, parameters);
  }

  /** int32 ids: (S, B), the symbol before each that is to be said, or (B), a single step. Reads on from the state, which is not changed. */
  forward(ids: Tensor, { recurrent, source }: DecoderState): Decoded {
    checkIds('Decoder', ids, ids.rank === 1 ? 1 : 2);
    return scope(() => {
      const [output, after] = this.rnn.forward(this.embedding.forward(ids.rank === 1 ? unsqueeze(ids, 0) : ids), recurrent);
      const steps = ids.rank === 1 ? squeeze(output, 0) : output;
      const state: DecoderState = { recurrent: after, ...(source === undefined ? {} : { source }) };
      const found = this.#attend(steps, source);
      if (found === undefined || this.combine === undefined) return { logits: this.head.forward(steps), state };
      const combined = tanh(this.combine.forward(concat([found.context, steps], -1)));
      return { logits: this.head.forward(combined), state, weights: found.weights };
    });
  }

  #attend(query: Tensor, source: AttentionSource | undefined): Attended | undefined {
    if (this.attention === undefined) return undefined;
    check(source !== undefined, 'argument', () => 'Decoder: its attention needs a source; take the state from EncoderDecoder.encode(), or put attention.prepare(memory) into it.');
    return this.attention.attend(query, source);
  }
}

/** Options of `EncoderDecoder`. */
export interface EncoderDecoderOptions extends ParameterOptions {
  /** The id that stands before the first symbol of every target. */
  readonly start: number;
}

/**
 * A sequence to another one of any length. Sutskever et al. 2014, Sequence to sequence learning with neural networks; Cho et al. 2014.
 *
 * The decoder starts from the encoder's last state where the two have states of the same shapes. Where they do not (a bidirectional
 * encoder, another cell or size), each layer's first state is tanh(`bridge` [h→; h←]), as in Bahdanau et al. 2015, and the others 0.
 *
 * @example
 * const attention = new DotAttention(64, 128, { score: 'general' });
 * const model = new EncoderDecoder(new Encoder(gru, 50, 32, 64, { bidirectional: true }), new Decoder(gru, 40, 32, 64, { attention }), { start: 1 });
 * const loss = crossEntropy(model.forward(source, targets, { lengths }), targets);
 */
export class EncoderDecoder extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly bridge: Linear | undefined;
  readonly start: number;

  /** @throws LayerError `argument` where encoder and decoder differ in their number of layers, or the attention does not fit the encoder */
  constructor(encoder: Encoder, decoder: Decoder, { start, ...parameters }: EncoderDecoderOptions) {
    super();
    const { rnn: from } = encoder;
    const { rnn: to, attention, embedding } = decoder;
    check(from.numLayers === to.numLayers, 'argument', () => `EncoderDecoder: encoder and decoder must have equally many layers, got ${from.numLayers} and ${to.numLayers}.`);
    check(attention === undefined || attention.memorySize === from.outputSize, 'argument',
      () => `EncoderDecoder: the attention must have the encoder's ${from.outputSize} outputs as memorySize, got ${attention?.memorySize}.`);
    check(Number.isSafeInteger(start) && start >= 0 && start < embedding.numEmbeddings, 'argument',
      () => `EncoderDecoder: start must be an id of the decoder, from 0 to ${embedding.numEmbeddings - 1}, got ${start}.`);
    this.encoder = encoder;
    this.decoder = decoder;
    this.start = start;
    this.bridge = sameStates(from, to) ? undefined : new Linear(stateWidth(from) * directionsOf(from), stateWidth(to), parameters);
  }

  /**
   * Teacher forcing: int32 source (T, B) and targets (S, B) to scores (S, B, V) of each target, given the targets before it. Targets
   * behind the end of a row may be anything that the loss ignores (−100).
   */
  forward(source: Tensor, targets: Tensor, options: ForwardOptions = {}): Tensor {
    checkIds('EncoderDecoder', targets, 2);
    return scope(() => {
      const [steps = 0, batch = 0] = targets.shape;
      const first = full([1, batch], this.start, { dtype: 'int32' });
      const before = steps === 1 ? first : concat([first, narrow(targets, 0, 0, steps - 1)], 0);
      return this.decoder.forward(before, this.encode(source, options)).logits;
    });
  }

  /** Reads the source (T, B): the state in which the decoder starts. */
  encode(source: Tensor, options: ForwardOptions = {}): DecoderState {
    return scope(() => {
      const { memory, state } = this.encoder.forward(source, options);
      const recurrent = this.bridge === undefined ? state : this.#cross(state, this.bridge);
      const { attention } = this.decoder;
      return { recurrent, ...(attention === undefined ? {} : { source: attention.prepare(memory, options) }) };
    });
  }

  /** One symbol a row (B) to scores of the next (B, V): what greedy and beam search take. */
  step(ids: Tensor, state: DecoderState): Decoded {
    checkIds('EncoderDecoder', ids, 1);
    return this.decoder.forward(ids, state);
  }

  // (L·D, B, P) → (L, B, D·P) → (L, B, P′)
  #cross(state: RecurrentState, bridge: Linear): RecurrentState {
    const last = (Array.isArray(state) ? state[0] : state) as Tensor;
    const [rows = 0, batch = 0, width = 0] = last.shape;
    const directions = directionsOf(this.encoder.rnn);
    const layers = reshape(permute(reshape(last, [rows / directions, directions, batch, width]), [0, 2, 1, 3]), [rows / directions, batch, directions * width]);
    const [, ...others] = this.decoder.rnn.stateShapes(batch);
    return asState([tanh(bridge.forward(layers)), ...others.map((shape) => zeros(shape, { dtype: last.dtype }))]);
  }
}

// Private.

// What is left of a recurrent layer's options where time comes first and every step is wanted.
type SharedOption = 'numLayers' | 'bias' | 'dropout' | 'projSize' | 'inputDropout' | 'recurrentDropout' | 'zoneout' | 'dtype' | 'generator';
const sharedOptions: readonly SharedOption[] = ['numLayers', 'bias', 'dropout', 'projSize', 'inputDropout', 'recurrentDropout', 'zoneout', 'dtype', 'generator'];

function checkOptions(name: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  check(unknown === undefined, 'argument', () => `${name}: there is no option "${unknown}"; there are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}.`);
}

function parameterOptions({ dtype, generator }: ParameterOptions): ParameterOptions {
  return { ...(dtype === undefined ? {} : { dtype }), ...(generator === undefined ? {} : { generator }) };
}

function checkIds(name: string, ids: Tensor, rank: 1 | 2): void {
  check(ids.rank === rank && ids.size > 0, 'shape', () => `${name}: ids must be ${rank === 1 ? '(B)' : '(T, B)'}, got ${shapeText(ids.shape)}.`);
}

function directionsOf({ bidirectional }: Recurrent): number {
  return bidirectional ? 2 : 1;
}

function stateWidth(rnn: Recurrent): number {
  return rnn.stateShapes(1)[0]?.[2] as number;
}

function sameStates(from: Recurrent, to: Recurrent): boolean {
  return JSON.stringify(from.stateShapes(1)) === JSON.stringify(to.stateShapes(1));
}
