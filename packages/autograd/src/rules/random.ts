import type { RandomKernel } from '@unroll/tensor/backend';
import { nothing, type Rule } from './rule.ts';

/** Random numbers depend on nothing. */
export const random: Rule<RandomKernel> = { saves: () => nothing, pull: () => [] };
