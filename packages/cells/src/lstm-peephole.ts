import type { Cell } from './define.ts';
import { lstmWith } from './variants.ts';

/** LSTM whose gates see the cell state: p_i and p_f the one before the step, p_o the new one. Gers & Schmidhuber 2000. */
export const lstmPeephole: Cell = /* @__PURE__ */ lstmWith({
  name: 'lstm-peephole', source: 'Gers & Schmidhuber 2000, Recurrent nets that time and count; Gers, Schraudolph & Schmidhuber 2002, Learning precise timing with LSTM recurrent networks',
  peepholes: true,
});
