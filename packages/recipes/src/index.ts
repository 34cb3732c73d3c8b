export { RecipeError, type RecipeErrorCode } from './errors.ts';
export { TextModel, textRunConfig, type TextArchitecture, type TextModelOptions, type TextRunOptions } from './model.ts';
export {
  createTextRun, trainText, type EvaluationProgress, type SampleProgress, type StepProgress, type TextProgress, type TextRun, type TrainTextOptions,
} from './text.ts';
export { evaluateText, type EvaluateOptions, type TextEvaluation } from './evaluate.ts';
export { sampleText, type SampleOptions } from './sample.ts';
export { checkpointOf, loadText, resumeText, type LoadedText, type ResumeOptions, type TextCheckpoint, type TextDescription } from './checkpoint.ts';
export { decodeStep, greedyDecode, type DecodedSequence, type DecodeOptions, type DecodeStep } from './decode.ts';
export { beamSearch, type BeamOptions, type Hypothesis } from './beam.ts';
