/** Every sentence of the page, by what it is for: the compiler finds the one that a language lacks. */
export type WordKey =
  | 'title' | 'play' | 'pause' | 'step' | 'reset' | 'newSeed' | 'task' | 'loss' | 'gradNorm' | 'score' | 'explained' | 'stepsPerSecond' | 'trainingSteps';

export type Words = Readonly<Record<WordKey, string>>;
