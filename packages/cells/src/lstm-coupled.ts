import type { Cell } from './define.ts';
import { lstmWith } from './variants.ts';

/** LSTM that forgets what it replaces, f = 1 − i, so that the forget gate has no weights. Greff et al. 2017 (CIFG); ONNX' `input_forget`. */
export const lstmCoupled: Cell = /* @__PURE__ */ lstmWith({
  name: 'lstm-coupled', source: 'Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, LSTM: a search space odyssey (arXiv 1503.04069)',
  coupled: true,
});
