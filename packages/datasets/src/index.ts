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
export { RaggedStreams, type RaggedBatch, type RaggedOptions } from './ragged.ts';
export { defaultText } from './defaultText.ts';

export {
  ignored,
  lengthsOf,
  sequenceSet,
  subset,
  type InputKind,
  type Padding,
  type SequenceBatch,
  type SequenceKind,
  type SequenceSet,
  type SequenceShape,
  type SequenceSource,
  type TargetKind,
  type TargetPer,
} from './sequences.ts';
export { BatchOrder, splitIndices, type BatchCursor, type BatchOptions, type IndexBatch, type IndexSplit, type SplitOptions } from './batches.ts';

export { seriesWindows, series, splitByTime, type Range, type Series, type TimeSplit, type WindowOptions, type WindowSet } from './series.ts';
export { fitInputScaling, fitScaling, scaleInputs, scaleSeries, scalingFromJson, unscale, type ColumnScaling, type Scaling, type ScalingKind } from './scaling.ts';

export { column, type CategoryColumn, type Column, type ColumnType, type DateColumn, type MissingPolicy, type NumberColumn, type Table, type TableOptions } from './table/table.ts';
export { parseCsv, type CsvOptions } from './table/csv.ts';
export { parseParquet } from './table/parquet.ts';
export { tableSequences, tableSeries, type TableSequencesOptions, type TableSeriesOptions } from './table/sets.ts';

export { linesByClass, lineSet, type LabelledLines, type TextFile } from './lines.ts';
export { pairSet, pairSymbols, parsePairs, type Pair, type PairSymbols } from './pairs.ts';
export { digitSet, gunzip, parseIdx, type DigitOptions, type DigitOrder, type IdxArray } from './digits.ts';
export { choraleSet, parseChorales, pianoKeys, type Chorales, type PianoRoll } from './chorales.ts';

export { memoryCache, type ByteCache } from './remote/cache.ts';
export { fileUrl, remoteDatasets, type RemoteDataset, type RemoteFile, type RemoteName } from './remote/catalog.ts';
export { fetchDataset, type FetchOptions, type FetchProgress } from './remote/fetch.ts';
export { ettSeries, familyNames, jsbChorales, mnistDigits, tinyShakespeare } from './remote/load.ts';
export { localDataset, sha256, type DatasetFiles } from './remote/verify.ts';

export { taskOptions, type TaskDefinition, type TaskName, type TaskOption, type TaskValues } from './tasks/definition.ts';
export { tasks } from './tasks/registry.ts';
export { echoTask } from './tasks/echo.ts';
export { addingTask } from './tasks/adding.ts';
export { copyTask } from './tasks/copy.ts';
export { parityTask } from './tasks/parity.ts';
export { dyckTask } from './tasks/dyck.ts';
export { embeddedReberTask, reberTask } from './tasks/reber.ts';
export { temporalOrder6aTask, temporalOrder6bTask } from './tasks/temporalOrder.ts';
export { sineTask } from './tasks/sine.ts';
export { lorenzTask } from './tasks/lorenz.ts';
export { additionTask } from './tasks/addition.ts';
export { datesTask } from './tasks/dates.ts';
export { airlinePassengers, airlineTask } from './tasks/airline.ts';
