import { expect, test } from 'vitest';
import { recurrentParameterNames } from './pytorch.ts';

test('one layer has the four names of nn.RNN', () => {
  expect(recurrentParameterNames()).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']);
});

test('stacked, bidirectional, projected: by layer, then direction, then role', () => {
  expect(recurrentParameterNames({ numLayers: 2, bidirectional: true, projSize: 3 })).toEqual([
    'weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0', 'weight_hr_l0',
    'weight_ih_l0_reverse', 'weight_hh_l0_reverse', 'bias_ih_l0_reverse', 'bias_hh_l0_reverse', 'weight_hr_l0_reverse',
    'weight_ih_l1', 'weight_hh_l1', 'bias_ih_l1', 'bias_hh_l1', 'weight_hr_l1',
    'weight_ih_l1_reverse', 'weight_hh_l1_reverse', 'bias_ih_l1_reverse', 'bias_hh_l1_reverse', 'weight_hr_l1_reverse',
  ]);
});

test('without bias there are two names per layer', () => {
  expect(recurrentParameterNames({ numLayers: 2, bias: false })).toEqual(['weight_ih_l0', 'weight_hh_l0', 'weight_ih_l1', 'weight_hh_l1']);
});

test.each([0, -1, 1.5, NaN, Infinity])('numLayers %s is refused', (numLayers) => {
  expect(() => recurrentParameterNames({ numLayers })).toThrow(RangeError);
});
