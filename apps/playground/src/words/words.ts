/** Every sentence of the page, by what it is for: the compiler finds the one that a language lacks. `{name}` is filled in. */
export type WordKey =
  | 'title' | 'intro' | 'play' | 'pause' | 'step' | 'stepHint' | 'reset' | 'newSeed' | 'share' | 'help' | 'close' | 'language'
  | 'task' | 'ownCell' | 'cell' | 'loss' | 'gradNorm' | 'score' | 'explained' | 'stepsPerSecondShort' | 'trainingSteps' | 'parameters' | 'width'
  | 'heldOutLoss' | 'baselineOf' | 'curves' | 'curvesAbout' | 'models'
  | 'answers' | 'answersAbout' | 'answersValues' | 'reads' | 'asked' | 'sequence' | 'previous' | 'next'
  | 'settings' | 'hidden' | 'batch' | 'lr' | 'clip' | 'truncate' | 'truncateNone' | 'seed' | 'keep' | 'fairness' | 'fairnessWidth' | 'fairnessParameters' | 'backend'
  | 'backendAuto' | 'backendWasm' | 'backendWebgpu' | 'settingsAbout'
  | 'timeline' | 'timelineAbout' | 'timelineGo' | 'timelineNow'
  | 'task.echo' | 'task.adding' | 'task.parity' | 'task.dyck' | 'task.temporal-order' | 'task.sine' | 'task.airline' | 'task.text' | 'task.csv'
  | 'about.echo' | 'about.adding' | 'about.parity' | 'about.dyck' | 'about.temporal-order' | 'about.sine' | 'about.airline' | 'about.text' | 'about.csv'
  | 'option.lag' | 'option.length' | 'option.depth' | 'option.kinds' | 'option.period' | 'option.noise' | 'option.horizon'
  | 'data.text' | 'data.csv' | 'data.choose' | 'data.paste' | 'data.use' | 'data.builtIn' | 'data.private' | 'data.loaded' | 'data.columns' | 'data.refused' | 'data.large'
  | 'sample' | 'sampleAbout' | 'temperature' | 'prompt' | 'draw' | 'colourBy' | 'unit' | 'keepSampling'
  | 'forecast' | 'forecastAbout' | 'forecastNaive' | 'forecastActual' | 'forecastInside' | 'forecastError' | 'column'
  | 'shareTitle' | 'shareCopy' | 'shareCopied' | 'shareWithModel' | 'shareWithModelAbout' | 'shareTooLong' | 'shareOwnData' | 'shareBytes'
  | 'export' | 'exportSafetensors' | 'exportPyTorch' | 'exportOnnx' | 'exportPng' | 'exportSvg' | 'import' | 'importDone' | 'importFailed'
  | 'notice.diverged' | 'notice.device-lost' | 'notice.device-lost-often' | 'notice.device-gone' | 'notice.no-webgpu' | 'notice.auto' | 'notice.failed' | 'notice.goBack' | 'notice.hidden' | 'notice.settled' | 'ending' | 'endingSettled' | 'endingNever'
  | 'remark.unknown' | 'remark.changed' | 'remark.damaged' | 'remark.newer' | 'remark.damaged-later' | 'remark.newer-later' | 'remark.model'
  | 'opening' | 'failed' | 'showData' | 'summary' | 'summaryModel' | 'keys' | 'keysAbout'
  | 'key.play' | 'key.step' | 'key.reset' | 'key.seed' | 'key.model' | 'key.copy' | 'key.help' | 'key.time' | 'key.edit'
  | 'key.sample' | 'runBefore' | 'levelOf' | 'noText' | 'timeAxis' | 'markedValue' | 'emptyChart' | 'wrongAnswer';

export type Words = Readonly<Record<WordKey, string>>;
export type LanguageName = 'en' | 'ko';
