export { DataError, type DataErrorCode, type DataErrorPlace } from './errors.ts';
export { Rng, type RngState, type Shuffled } from './rng.ts';
export { decodeUtf8 } from './utf8.ts';
export {
  byteVocabulary,
  characterVocabulary,
  splitHoldout,
  vocabularyFromJson,
  type Holdout,
  type Vocabulary,
  type VocabularyJson,
} from './text.ts';
export {
  evaluationWindows,
  TextStreams,
  type EvaluationOptions,
  type EvaluationWindows,
  type StreamCursor,
  type StreamOptions,
  type TextBatch,
} from './streams.ts';
export { defaultText } from './defaultText.ts';
