import { decodeUtf8, scaleInputs, series, type SequenceSet, type Series } from '@unroll/datasets';
import { evaluatePairs, evaluateSequences, evaluateText, forecast, type LoadedForecast, type SequenceData } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { openSource, type Source } from '../files/source.ts';
import { count } from '../print/format.ts';
import type { Measurement } from '../recipes/adapter.ts';
import { classifyData, forecastData, tagData, translateData } from '../recipes/data.ts';
import { measurementOf } from '../recipes/sequences.ts';
import { loadAny, type LoadedAny } from './load.ts';

/** What the command line may say about a measurement. */
export interface EvaluateFlags {
  readonly dataDir?: string;
  readonly backend: BackendName;
}

/** `unroll eval`: how well a model does on data that it is given. */
export async function evaluateModel(path: string, data: readonly string[], { backend, ...place }: EvaluateFlags, { io, format }: Session): Promise<void> {
  await useBackend(backend);
  const loaded = await loadAny(path);
  try {
    const source = await openSource(data, place);
    const { loss, metrics, about } = await measure(loaded, source, data.join(' '));
    io.stdout.write(format === 'json' ? `${JSON.stringify({ model: loaded.file, kind: loaded.kind, data, loss, metrics, about })}\n` : `${about}\n`);
  } finally {
    loaded.model.dispose();
  }
}

async function measure(loaded: LoadedAny, source: Source, name: string): Promise<Measurement> {
  if (loaded.kind === 'text') {
    const text = source.files.map(({ name: file, bytes }) => decodeUtf8(bytes, file)).join('\n');
    const { loss, bitsPerCharacter, predictions } = await evaluateText(loaded.model, loaded.vocabulary.encode(text));
    return { loss, metrics: { bitsPerCharacter, predictions }, about: `${name}: ${loss.toFixed(4)} nats per character, ${bitsPerCharacter.toFixed(4)} bits per character (over ${count(predictions)} characters)` };
  }
  if (loaded.kind === 'forecast') return rolling(loaded, await forecastData(source, loaded.options), name);
  if (loaded.kind === 'translate') return measurementOf(await evaluatePairs(loaded.model, oneSet(await translateData(source, loaded.options, loaded.shape))), name);
  const reader = loaded.kind === 'classify' ? classifyData : tagData;
  const set = oneSet(await reader(source, loaded.options, loaded.shape));
  return measurementOf(await evaluateSequences(loaded.model, loaded.scaling === undefined ? set : scaleInputs(set, loaded.scaling)), name);
}

/** What is not learnt from, where the data come in two parts. */
function oneSet(data: SequenceData): SequenceSet {
  return 'train' in data ? (data.heldOut ?? data.train) : data;
}

/** Origins at most: more say hardly more, and take long. */
const mostOrigins = 200;

/** Forecasts from many places of a series, beside the last row going on for ever; errors in the units of the series. */
async function rolling(loaded: LoadedForecast, source: Series, name: string): Promise<Measurement> {
  const { window, horizon } = loaded.config;
  const width = source.names.length;
  const places = source.length - window - horizon + 1;
  if (places < 1) throw new CliError('data', `${name}: ${count(source.length)} rows are too few; the model reads ${window} and tells ${horizon}`);
  const every = Math.max(horizon, Math.ceil(places / mostOrigins));
  const origins = Array.from({ length: Math.ceil(places / every) }, (_, k) => window + k * every);
  const part = (from: number, to: number): Series => series(source.names, source.values.slice(from * width, to * width), source.times?.slice(from, to));
  const told = await forecast.predict(loaded, origins.map((origin) => part(origin - window, origin)));
  let [own, last, total] = [0, 0, 0];
  told.forEach(({ names, values }, k) => {
    const origin = origins[k] as number;
    values.forEach((value, at) => {
      const column = source.names.indexOf(names[at % names.length] as string);
      const truth = source.values[(origin + Math.floor(at / names.length)) * width + column] as number;
      own += Math.abs(value - truth);
      last += Math.abs((source.values[(origin - 1) * width + column] as number) - truth);
      total += 1;
    });
  });
  const [mae, persistenceMae] = [own / total, last / total];
  return { loss: mae, metrics: { mae, persistenceMae, origins: origins.length }, about: `${name}: mean absolute error ${mae.toPrecision(4)} (persistence ${persistenceMae.toPrecision(4)}), in the units of the series, from ${count(origins.length)} places` };
}
