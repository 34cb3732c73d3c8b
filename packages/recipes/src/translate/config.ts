import { flag, oneOf, type FieldRules } from '@unroll/train';
import { sequenceDefaults, sequenceRules, type SequenceConfig } from '../sequence/config.ts';

/** How a decoder looks back at its source. */
export type AttentionName = 'none' | 'dot' | 'general' | 'additive';

/** One run over pairs of sequences, as plain JSON. */
export interface TranslateConfig extends SequenceConfig {
  /** Luong et al. 2015 (`dot`, `general`), Bahdanau et al. 2015 (`additive`), or the last state alone. `dot` needs one direction. */
  readonly attention: AttentionName;
  /** Whether a second direction of the encoder reads from the end. */
  readonly bidirectional: boolean;
}

/** Everything but the cell. */
export const translateDefaults: Readonly<Omit<TranslateConfig, 'cell'>> = { ...sequenceDefaults, embedding: 64, attention: 'additive', bidirectional: true };

/** The rules of the fields. */
export const translateRules: FieldRules<TranslateConfig> = /* @__PURE__ */ Object.freeze<FieldRules<TranslateConfig>>({
  ...sequenceRules, bidirectional: flag(), attention: oneOf(['none', 'dot', 'general', 'additive'] satisfies AttentionName[]),
});
