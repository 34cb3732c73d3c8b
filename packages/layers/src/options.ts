import type { Cell, CellSizes } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { check, oneOf, probability, size } from './errors.ts';
import type { ParameterOptions } from './init.ts';
import type { Lengths, Mask } from './masks.ts';
import { mergeModes, type MergeMode } from './merge.ts';
import { sizedStep, type Noise } from './steps.ts';

/** What stands in the output where a row is masked: zeros, or the last output before it (the state that the row started from, where there is none). */
export type MaskedOutputs = 'zero' | 'held';

/** Options of all recurrent layers: those of nn.RNN with its names, meanings and defaults, then those that Keras adds, then zoneout. */
export interface RecurrentOptions extends ParameterOptions {
  /** L, layers stacked on one another. Default 1. */
  readonly numLayers?: number;
  /** Default true: two bias vectors in each layer and direction. */
  readonly bias?: boolean;
  /** Default false: input and output are (T, B, …). True: (B, T, …). States are (L·D, B, H) in both cases. */
  readonly batchFirst?: boolean;
  /** Probability of dropout on the output of every layer but the last, in training, anew at every step. Default 0. */
  readonly dropout?: number;
  /** Default false. True: a second direction from the last step to the first. */
  readonly bidirectional?: boolean;
  /** P, channels that the first state is projected to, P < H (Sak et al. 2014), for cells that only multiply it with weights. Default 0: none. */
  readonly projSize?: number;
  /** How the outputs of the two directions become one, in every layer. Default 'concat'. `merge_mode` of Keras' Bidirectional. */
  readonly mergeMode?: MergeMode;
  /** Default false. True: every layer reads from the last step to the first, and the output is in the order of reading, as in Keras. */
  readonly goBackwards?: boolean;
  /** Default true: the output has every step. False: only that after the last step of each row, which the last layer's state holds, (B, …). */
  readonly returnSequences?: boolean;
  /** Default 'zero'. `zero_output_for_mask` of Keras, whose default is 'held'. */
  readonly maskedOutputs?: MaskedOutputs;
  /** Probability of dropout on the input of every layer and direction, in training, one mask for all steps. Default 0. `dropout` of Keras. */
  readonly inputDropout?: number;
  /** Probability of dropout on what the recurrent products are taken of, in training, one mask for all steps. Default 0. `recurrent_dropout` of Keras. */
  readonly recurrentDropout?: number;
  /** Probability that a channel of a state keeps its value at a step: for all states, or by state (`{ c: 0.5, h: 0.05 }`). Default 0. */
  readonly zoneout?: number | Readonly<Record<string, number>>;
  /**
   * While gradients are taken: keep the states of every so many steps alone and compute what lies between again, for long sequences. One
   * forward pass more; what grows with T is then inputs, outputs and their gradients alone. About √T keeps least. Not with dropout inside of a
   * step, or zoneout.
   */
  readonly checkpointEvery?: number;
}

/** Which steps of which rows count. Both may be given; a step counts where both say so. */
export interface ForwardOptions {
  /** The number of steps of each row, in any order: B whole numbers from 1 to T, or an int32 tensor (B). What lies behind them is not read. */
  readonly lengths?: Lengths;
  /** (T, B), or (B, T) with `batchFirst`, or (T) without a batch: where it is false (0) the row's state is carried on. */
  readonly mask?: Mask;
}

/** The state of a cell with one state, or of one with several: a tuple in the order of the cell's definition. Each (L·D, B, H); h is (L·D, B, P) with a projection. */
export type RecurrentState = Tensor | readonly Tensor[];

/** The options of a layer, checked and whole. */
export interface Settings extends CellSizes {
  readonly projSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly mergeMode: MergeMode;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
  readonly maskedOutputs: MaskedOutputs;
  readonly noise: Noise;
  readonly checkpointEvery: number | undefined;
  readonly parameters: ParameterOptions;
}

/** Fills in defaults. @throws LayerError `argument` for what cannot be, or does not exist */
export function settingsOf(cell: Cell, inputSize: number, hiddenSize: number, options: RecurrentOptions): Settings {
  const { name } = cell;
  const {
    numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false, projSize = 0, mergeMode = 'concat', goBackwards = false, returnSequences = true,
    maskedOutputs = 'zero', inputDropout = 0, recurrentDropout = 0, zoneout = 0, checkpointEvery, ...parameters
  } = options;
  checkNames(name, parameters);
  check(bidirectional || mergeMode === 'concat', 'argument', () => `${name}: mergeMode joins two directions, so it needs bidirectional: true, got mergeMode ${mergeMode} alone.`);
  const settings: Settings = {
    inputSize: size(name, 'inputSize', inputSize),
    hiddenSize: size(name, 'hiddenSize', hiddenSize),
    numLayers: size(name, 'numLayers', numLayers),
    bias, batchFirst, bidirectional, projSize, goBackwards, returnSequences, parameters,
    dropout: probability(name, 'dropout', dropout),
    mergeMode: oneOf(name, 'mergeMode', mergeMode, mergeModes),
    maskedOutputs: oneOf(name, 'maskedOutputs', maskedOutputs, ['zero', 'held']),
    checkpointEvery: checkpointEvery === undefined ? undefined : size(name, 'checkpointEvery', checkpointEvery),
    noise: {
      inputDropout: probability(name, 'inputDropout', inputDropout),
      recurrentDropout: probability(name, 'recurrentDropout', recurrentDropout),
      zoneout: zoneoutOf(cell, zoneout),
    },
  };
  const { inputDropout: atInput, recurrentDropout: atState, zoneout: held } = settings.noise;
  check(checkpointEvery === undefined || (atInput === 0 && atState === 0 && Object.keys(held).length === 0), 'argument',
    () => `${name}: checkpointEvery computes steps again, which inputDropout, recurrentDropout and zoneout would make other ones; leave it out, or take dropout between layers.`);
  // Whatever of it does not fit the cell is said now, not when the first input comes.
  sizedStep(cell, settings, { noise: settings.noise, training: true });
  return settings;
}

/** Options of a layer of one direction and one step: sizes are checked, the rest has to be options of parameters. */
export function checkNames(name: string, parameters: object, others: readonly string[] = layerOptions): void {
  const known = [...others, 'dtype', 'generator'];
  const unknown = Object.keys(parameters).find((key) => key !== 'dtype' && key !== 'generator');
  check(unknown === undefined, 'argument', () => `${name}: there is no option "${unknown}"; there are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}.`);
}

// Private.

// In errors; a type is not there when a program runs.
const layerOptions = [
  'numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'projSize', 'mergeMode', 'goBackwards', 'returnSequences', 'maskedOutputs', 'inputDropout', 'recurrentDropout', 'zoneout', 'checkpointEvery',
] as const satisfies readonly (keyof RecurrentOptions)[];

function zoneoutOf({ name, state }: Cell, zoneout: number | Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const rates = typeof zoneout === 'number' ? Object.fromEntries(state.map((one) => [one, zoneout])) : zoneout;
  for (const [one, rate] of Object.entries(rates)) probability(name, typeof zoneout === 'number' ? 'zoneout' : `zoneout of ${one}`, rate);
  return Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate > 0));
}
