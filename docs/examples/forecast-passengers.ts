// The next rows of a series, beside those of who does not learn, with intervals: airline passengers, a year ahead.
import { airlinePassengers, series } from '@unroll/datasets';
import { checkpointOf, evaluate, forecast, train } from '@unroll/recipes';
import { use } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';

use(await wasm({ deterministic: true }));
const { names, values, times } = airlinePassengers();
const logarithms = series(names, values.map(Math.log), times);       // growth in percent is a slope then

const run = forecast.create(logarithms, { window: 24, horizon: 12, hidden: 32, lr: 5e-3, steps: 400, evaluateEvery: 20, patience: 10, holdout: 0.15, test: 0.2 });
for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(`step ${progress.step}: mae ${progress.mae}`);
/** Mean absolute errors on the last years, in scaled logarithms. */
export const errors: { model: number; persistence: number; seasonal: number } = await evaluate(run).then(({ mae, baselines }) => ({ model: mae, persistence: baselines.persistence.mae, seasonal: baselines.seasonal?.mae ?? NaN }));

// As a file would hold it: JSON and tensors, the scaling among them.
const { description, tensors } = checkpointOf(run);
const loaded = forecast.load(JSON.parse(JSON.stringify(description)), tensors);
const [next] = await forecast.predict(loaded, [logarithms], { coverage: 0.5 });
export const passengers: readonly number[] = Array.from(next?.values ?? [], (value) => Math.round(Math.exp(value)));
console.log(errors, passengers, next?.lower && Math.exp(next.lower[0] ?? 0), next?.upper && Math.exp(next.upper[0] ?? 0));
