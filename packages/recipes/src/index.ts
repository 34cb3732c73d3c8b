export { RecipeError, type RecipeErrorCode } from './errors.ts';
export { TextModel, textRunConfig, type TextArchitecture, type TextModelOptions, type TextRunOptions } from './model.ts';
export {
  createTextRun, trainText, type EvaluationProgress, type SampleProgress, type StepProgress, type TextProgress, type TextRun, type TrainTextOptions,
} from './text.ts';
export { evaluateText, type EvaluateOptions, type TextEvaluation } from './evaluate.ts';
export { sampleText, type SampleOptions } from './sample.ts';
export { checkpointOf, loadText, resumeText, type LoadedText, type ResumeOptions, type TextCheckpoint, type TextDescription } from './checkpoint.ts';
export type { Learner, Measured, MeasuredProgress, UpdateProgress } from './learning.ts';
export {
  evaluate, train, type AnyRun, type LoadOptions, type Recipe, type RecipeKind, type ResumeRunOptions, type Run, type RunCheckpoint, type RunDescription, type RunProgress, type SequenceData,
} from './run.ts';
export type { RunOptions, ScalingName, SequenceConfig } from './sequence/config.ts';
export { SequenceModel, type SequenceArchitecture, type SequenceModelOptions } from './sequence/model.ts';
export type { SequenceBatches, SequenceItem } from './sequence/batches.ts';
export { evaluateSequences, type SequenceEvaluation, type SequenceEvaluationOptions } from './sequence/evaluate.ts';
export type { SequenceInput, SequencePredictor } from './sequence/predict.ts';
export type { LoadedSequences, SequenceRecipe, SequenceRun } from './sequence/recipe.ts';
export { classify, type Classified } from './classify.ts';
export { tag, type Tagged } from './tag.ts';
export { forecast, type Forecasted, type ForecastOptions, type ForecastRecipe, type ForecastRun, type LoadedForecast } from './forecast.ts';
export type { ForecastConfig } from './forecast/config.ts';
export type { Baselines, ForecastErrors } from './forecast/baselines.ts';
export type { ForecastEvaluation } from './forecast/evaluate.ts';
export type { Intervals } from './forecast/intervals.ts';
export { translate, type Answer, type LoadedTranslator, type Translated, type TranslateRecipe, type TranslateRun } from './translate.ts';
export type { AttentionName, TranslateConfig } from './translate/config.ts';
export type { AnswerOptions } from './translate/decode.ts';
export { evaluatePairs, type PairEvaluationOptions, type TranslateEvaluation } from './translate/evaluate.ts';
export { decodeStep, greedyDecode, type DecodedSequence, type DecodeOptions, type DecodeStep } from './decode.ts';
export { beamSearch, type BeamOptions, type Hypothesis } from './beam.ts';
export { runTrial } from './trials/run.ts';
export { trials, type TrialName } from './trials/trials.ts';
export type { Criterion, Published, Trial, TrialProgress, TrialResult } from './trials/definition.ts';
