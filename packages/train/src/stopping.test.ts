import { expect, test } from 'vitest';
import { EarlyStopping, History, TrainError } from './index.ts';

test('early stopping waits for an improvement that counts', () => {
  const stopping = new EarlyStopping({ patience: 2, minDelta: 0.5 });
  expect([3, 2.6, 2, 1.9, NaN].map((metric) => [stopping.step(metric), stopping.wait, stopping.stopped])).toEqual([
    [true, 0, undefined], [false, 1, undefined], [true, 0, undefined], [false, 1, undefined], [false, 2, 'patience'],
  ]);
  expect(stopping.best).toBe(2);
});

test('early stopping at a target, in both directions', () => {
  const heard = (options: ConstructorParameters<typeof EarlyStopping>[0], metrics: readonly number[]): (string | undefined)[] => {
    const stopping = new EarlyStopping(options);
    return metrics.map((metric) => (stopping.step(metric), stopping.stopped));
  };
  expect(heard({ target: 1 }, [3, 1.01, 1])).toEqual([undefined, undefined, 'target']);
  // Reached, though not by enough for an improvement.
  expect(heard({ target: 1, minDelta: 5 }, [3, 0.9])).toEqual([undefined, 'target']);
  expect(heard({ target: 0.9, mode: 'max', patience: 2 }, [0.8, 0.7, 0.95])).toEqual([undefined, undefined, 'target']);
  expect(heard({ mode: 'max', patience: 2 }, [0.8, 0.9, 0.9, 0.7])).toEqual([undefined, undefined, undefined, 'patience']);
  expect(heard({}, [1, 2, 3, Infinity, NaN])).toEqual(Array.from({ length: 5 }, () => undefined));
});

test('early stopping goes on from its saved counters, with other limits if need be', () => {
  const stopping = new EarlyStopping({ patience: 3 });
  for (const metric of [5, 6, 7]) stopping.step(metric);
  const saved = JSON.parse(JSON.stringify(stopping.state())) as unknown;
  const resumed = new EarlyStopping({ patience: 3 });
  resumed.restore(saved);
  expect([resumed.best, resumed.wait, resumed.stopped]).toEqual([5, 2, undefined]);
  resumed.step(5);
  expect(resumed.stopped).toBe('patience');
  const longer = new EarlyStopping({ patience: 9 });
  longer.restore(resumed.state());
  expect(longer.stopped).toBeUndefined();
  expect(() => longer.restore({ best: 1, last: 1 })).toThrow('EarlyStopping: the saved wait must be a number, got nothing; the file is damaged.');
  expect(longer.wait).toBe(3);
});

test.each([
  [{ patience: 0 }, 'EarlyStopping: patience must be a whole number from 1, got 0.'],
  [{ minDelta: -1 }, 'EarlyStopping: minDelta must be a number from 0, got -1.'],
  [{ target: NaN }, 'EarlyStopping: target must be a number, got NaN.'],
])('%j is refused', (options, message) => {
  expect(() => new EarlyStopping(options)).toThrow(message);
});

test('a history keeps a bounded number of values, evenly spread, and the last one', () => {
  const history = new History({ capacity: 4 });
  for (let step = 1; step <= 18; step++) history.add(step, { loss: 100 - step });
  history.add(7, { heldOut: 3 });
  expect(history.names).toEqual(['loss', 'heldOut']);
  expect(history.series('loss')).toEqual([{ step: 1, value: 99 }, { step: 9, value: 91 }, { step: 17, value: 83 }]);
  expect(history.latest('loss')).toEqual({ step: 18, value: 82 });
  expect(history.latest('heldOut')).toEqual({ step: 7, value: 3 });
  expect(history.series('other')).toEqual([]);
  expect(history.latest('other')).toBeUndefined();
});

test('a history goes on from its saved state as if it had not been saved', () => {
  const [whole, first] = [new History({ capacity: 5 }), new History({ capacity: 5 })];
  const value = (step: number): number => (step % 3 === 0 ? NaN : step / 7);
  for (let step = 1; step <= 11; step++) for (const history of [whole, first]) history.add(step, { loss: value(step) });
  const saved = JSON.stringify(first.state());
  first.add(99, { loss: 1 });
  const resumed = new History({ capacity: 5 });
  resumed.restore(JSON.parse(saved));
  expect(resumed.series('loss')).toEqual(whole.series('loss'));
  for (let step = 12; step <= 40; step++) for (const history of [whole, resumed]) history.add(step, { loss: value(step) });
  expect(resumed.state()).toEqual(whole.state());
  expect(whole.series('loss').length).toBeLessThanOrEqual(5);
});

test('a damaged history is refused, and the one before stays', () => {
  const history = new History();
  history.add(1, { loss: 2 });
  const before = history.state();
  const { loss } = before;
  for (const bad of [{ loss: 3 }, { loss: { ...loss, steps: [1, 2] } }, { loss: { ...loss, values: ['x'] } }, { loss: { ...loss, every: 0 } }, { loss: { ...loss, last: [] } }, []]) {
    expect(() => history.restore(bad)).toThrow(TrainError);
  }
  expect(history.state()).toEqual(before);
  expect(() => new History({ capacity: 1 })).toThrow('History: capacity must be a whole number from 2, got 1.');
});
