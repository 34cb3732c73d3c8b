export { DivergenceError, TrainError, type Divergence, type TrainErrorCode } from './errors.ts';
export { binaryCrossEntropy, crossEntropy, mse, type BinaryCrossEntropyOptions, type CrossEntropyOptions, type Loss, type MseOptions, type Reduction } from './losses.ts';
export { optimizerOf, type NamedTensors, type Optimizer, type OptimizerOptions, type OptimizerState, type Symbols, type UpdateRule } from './optimizer.ts';
export type { GroupOptions, ParameterGroup } from './groups.ts';
export { sgd, type SgdOptions } from './rules/sgd.ts';
export { rmsprop, type RmspropOptions } from './rules/rmsprop.ts';
export { adagrad, type AdagradOptions } from './rules/adagrad.ts';
export { adam, adamw, type AdamOptions } from './rules/adam.ts';
export { nadam, type NadamOptions } from './rules/nadam.ts';
export { radam, type RadamOptions } from './rules/radam.ts';
export type { Betas } from './rules/formulas.ts';
export { clipGradNorm, clipGradValue } from './clip.ts';
export {
  cosineAnnealingLR, cosineAnnealingWarmRestarts, exponentialLR, linearLR, multiStepLR, oneCycleLR, sequentialLR, stepLR,
  type CosineOptions, type LinearOptions, type MultiStepOptions, type OneCycleOptions, type RestartOptions, type Schedule, type StepOptions,
} from './schedules.ts';
export { ReduceLROnPlateau, type Mode, type PlateauOptions, type PlateauState } from './plateau.ts';
export { EarlyStopping, type StoppingOptions, type StoppingState } from './stopping.ts';
export { WeightSnapshot, type Parametrised } from './weights.ts';
export { ema, type AverageState, type WeightAverage } from './average.ts';
export { History, type Point, type SeriesState } from './history.ts';
export { fit, type FitInput, type FitOptions, type FitProgress, type Objective, type Trainable } from './loop.ts';
export { averagedTensors, bestTensors, captureTraining, modelTensors, restoreTraining, type Resumable, type Training, type TrainingJson, type TrainingState } from './training.ts';
export type { Batch } from './batch.ts';
export { mapTensors, releaseState, retainState } from './carry.ts';
export { breather } from './breathe.ts';
export {
  checkedConfig, ConfigError, flag, fromZero, oneOf, runRules, share, textConfig, textDefaults, whole,
  type FieldRule, type FieldRules, type LearningConfig, type NetworkConfig, type OptimizerName, type ScheduleName, type TextConfig, type TextOptions,
} from './config.ts';
export { scheduleOf } from './plan.ts';
export { bitsPerCharacter, MovingMean, perplexity } from './metrics.ts';

export { isLost, type Recovery } from './recovery.ts';
