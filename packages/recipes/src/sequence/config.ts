import { cells } from '@unroll/cells';
import type { Cell } from '@unroll/cells';
import { checkedConfig, flag, oneOf, runRules, share, whole, type FieldRules, type LearningConfig, type NetworkConfig } from '@unroll/train';

/** One run over sequences, as plain JSON: command-line flags and checkpoints are spellings of it. */
export interface SequenceConfig extends NetworkConfig, LearningConfig {
  /** Whether a second direction reads from the end. */
  readonly bidirectional: boolean;
  /** Passes over the sequences, where `steps` is 0. */
  readonly epochs: number;
  /** Updates in all; 0: as many as `epochs` has. */
  readonly steps: number;
  /** Evaluate after every so many updates; 0: after each pass. */
  readonly evaluateEvery: number;
  /** Share of the sequences that is not learnt but measured, where the data do not come in two parts; 0 measures nothing. */
  readonly holdout: number;
  /** Whether sequences of similar length go into a batch together. */
  readonly bucketing: boolean;
  /** How values are scaled; fitted on what is learnt alone. Ids are not. */
  readonly scaling: ScalingName;
}

/** Scalings that a description can name. */
export type ScalingName = 'standard' | 'minmax' | 'none';

/** Everything but the cell. */
export const sequenceDefaults: Readonly<Omit<SequenceConfig, 'cell'>> = {
  hidden: 128, layers: 1, embedding: 32, dropout: 0, bidirectional: false,
  batch: 64, epochs: 10, steps: 0, optimizer: 'adam', lr: 2e-3,
  schedule: 'constant', warmup: 0, accumulate: 1, ema: 0, clip: 1,
  holdout: 0.2, bucketing: true, scaling: 'standard', evaluateEvery: 0, patience: 0, target: 0, seed: 0,
};

/** The rules of the fields. */
export const sequenceRules: FieldRules<SequenceConfig> = /* @__PURE__ */ Object.freeze<FieldRules<SequenceConfig>>({
  ...runRules,
  bidirectional: flag(), epochs: whole(1), holdout: share(), bucketing: flag(),
  scaling: oneOf(['standard', 'minmax', 'none'] satisfies ScalingName[]),
});

/** A description as its author writes it: what is left out takes its default. */
export type RunOptions<Config> = Partial<Omit<Config, 'cell'>> & {
  /** A cell, or its name in the registry of `@unroll/cells`. Default: an LSTM. */
  readonly cell?: Cell | string;
};

/** A complete, checked description: a cell that was given as such is its name there. Throws ConfigError. */
export function runConfig<Config extends NetworkConfig>({ cell = 'lstm', ...options }: RunOptions<Config>, defaults: Omit<Config, 'cell'>, rules: FieldRules<Config>): Config {
  const [name, known] = typeof cell === 'string' ? [cell, Object.keys(cells)] : [cell.name, [cell.name]];
  return checkedConfig<Config>({ ...options, cell: name }, defaults as Partial<Config>, { ...rules, cell: oneOf(known) });
}
