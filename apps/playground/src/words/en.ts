import type { Words } from './words.ts';

export const en: Words = {
  title: 'Unroll playground',
  play: 'Play',
  pause: 'Pause',
  step: 'One step',
  reset: 'Reset',
  newSeed: 'New seed',
  task: 'Task',
  loss: 'Loss',
  gradNorm: 'Gradient norm',
  score: 'Right answers',
  explained: 'Variance explained',
  stepsPerSecond: 'steps/s',
  trainingSteps: 'training steps',
};
