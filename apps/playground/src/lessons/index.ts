import { hiddenState } from './01-hidden-state.ts';
import { gradients } from './02-gradients.ts';
import { lstmGates } from './03-lstm-gates.ts';
import { gruAgainstLstm } from './04-gru-lstm.ts';
import { truncation } from './05-truncation.ts';
import { shapes } from './06-shapes.ts';
import type { Lesson } from './lesson.ts';

/** The lessons, from the first to the last. */
export const lessons: readonly Lesson[] = [hiddenState, gradients, lstmGates, gruAgainstLstm, truncation, shapes];
