import { expect, test } from 'vitest';
import { bitsPerCharacter, ConfigError, MovingMean, perplexity, textConfig, textDefaults, type TextOptions } from './index.ts';

const cells = ['simple', 'gated'];

test('what is left out takes its default; what is given stays', () => {
  expect(textConfig({ cell: 'gated' }, cells)).toEqual({ cell: 'gated', ...textDefaults });
  const own = textConfig({ cell: 'simple', hidden: 7, lr: 0.5, holdout: 0 }, cells);
  expect(own).toMatchObject({ cell: 'simple', hidden: 7, lr: 0.5, holdout: 0, layers: 2 });
  expect(textConfig(JSON.parse(JSON.stringify(own)) as TextOptions, cells)).toEqual(own);
  expect(textConfig({ cell: 'simple', hidden: undefined } as object as TextOptions, cells).hidden).toBe(128);
});

test.each([
  [{ cell: 'other' }, 'cell', 'config: cell must be one of simple, gated, got "other".'],
  [{ hidden: 0 }, 'hidden', 'config: hidden must be a whole number from 1, got 0.'],
  [{ batch: 1.5 }, 'batch', 'config: batch must be a whole number from 1, got 1.5.'],
  [{ lr: -1 }, 'lr', 'config: lr must be a number from 0, got -1.'],
  [{ lr: '1' }, 'lr', 'config: lr must be a number from 0, got "1".'],
  [{ dropout: 1 }, 'dropout', 'config: dropout must be from 0 to below 1, got 1.'],
  [{ optimizer: 'lion' }, 'optimizer', 'config: optimizer must be one of sgd, rmsprop, adagrad, adam, adamw, nadam, radam, got "lion".'],
  [{ schedule: 'cosinus' }, 'schedule', 'config: schedule must be one of constant, linear, cosine, step, exponential, one-cycle, plateau, got "cosinus".'],
  [{ accumulate: 0 }, 'accumulate', 'config: accumulate must be a whole number from 1, got 0.'],
  [{ ema: 1 }, 'ema', 'config: ema must be from 0 to below 1, got 1.'],
  [{ schedule: 'plateau' }, 'evaluateEvery', 'config: evaluateEvery must be a whole number from 1 where there is schedule "plateau", got 0.'],
  [{ patience: 3 }, 'evaluateEvery', 'config: evaluateEvery must be a whole number from 1 where there is patience, got 0.'],
  [{ target: 1, evaluateEvery: 10, holdout: 0 }, 'holdout', 'config: holdout must be above 0 where there is target, got 0.'],
  [{ vocabulary: 'words' }, 'vocabulary', 'config: vocabulary must be one of characters, bytes, got "words".'],
  [{ hiden: 3 }, 'hiden', 'config: there is no field "hiden"; there are cell, hidden,'],
])('%j is refused', (options, field, message) => {
  const make = (): unknown => textConfig({ cell: 'simple', ...options } as TextOptions, cells);
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining({ field, code: 'config' }));
  expect(make).toThrow(ConfigError);
});

test('metrics', () => {
  expect(bitsPerCharacter(Math.LN2)).toBe(1);
  expect(perplexity(Math.log(7))).toBeCloseTo(7, 12);
  const mean = new MovingMean(2);
  expect(mean.value).toBeNaN();
  expect([1, 3, 5].map((value) => mean.add(value))).toEqual([1, 2, 4]);
  expect(() => new MovingMean(0)).toThrow('MovingMean: window must be a whole number from 1, got 0.');
});
