/**
 * Cells that systems are compared with. `gru` has its reset gate after the recurrent product, as PyTorch; `gru-original` before it;
 * `own` is what own-cell.txt says.
 */
export type CellName = 'lstm' | 'gru' | 'gru-original' | 'rnn' | 'own' | 'product';

/**
 * train: forward, loss (mean squared error over all steps), backward, Adam. infer: forward from a state of zeros, the last state read.
 * stream: the same steps one by one, each as soon as its numbers are there, the state carried on from call to call and from repetition to
 * repetition. text: training of a language model, embedding (vocabulary, I), the stack, linear layer and cross-entropy over all steps.
 */
export type Mode = 'train' | 'infer' | 'stream' | 'text';

/** Characters of the language model. */
export const vocabulary = 64;

/** One measurement: a stack of recurrent layers over sequences. Sizes by the letters N batch, T time, I input, H hidden, L layers. */
export interface Case {
  /** `lstm-32x64x64x256`, with `x2` behind for two layers, `-every64` for steps computed again, `-infer` for inference. */
  readonly name: string;
  readonly cell: CellName;
  readonly mode: Mode;
  readonly batch: number;
  readonly time: number;
  readonly input: number;
  readonly hidden: number;
  readonly layers: number;
  /** `checkpointEvery` of ours: states of so many steps are kept, the rest is computed again. */
  readonly every?: number;
}

/** Blocks of rows in the weights of a cell. */
export const gates: Readonly<Record<CellName, number>> = { 'lstm': 4, 'gru': 3, 'gru-original': 3, 'rnn': 1, 'own': 3, 'product': 1 };

/** What runs when nothing is asked for: one streaming step, single sequences, batches. */
export const defaultCases: readonly string[] = [
  'lstm-1x1x64x64-stream', 'lstm-1x1x64x64-infer', 'lstm-1x128x64x128-infer', 'lstm-1x512x256x512-infer',
  'lstm-32x64x128x256', 'lstm-32x64x128x256-infer', 'lstm-64x28x28x256x2', 'lstm-64x28x28x256x2-infer', 'lstm-32x64x64x256-text',
  'product-1x1x256x1024-infer', 'product-64x1x256x1024-infer', 'product-512x1x512x512-infer',
];

const shapes = ['1x1x64x64', '1x128x64x128', '1x512x256x512', '32x64x128x256', '64x28x28x256x2', '32x128x512x1024'];

/** `all`: three cells at every shape, both ways, streams, language models and products; hours. */
export const allCases: readonly string[] = [
  ...['lstm', 'gru', 'rnn'].flatMap((cell) => [`${cell}-1x1x64x64-stream`, ...shapes.flatMap((shape) => [`${cell}-${shape}-infer`, `${cell}-${shape}`]), `${cell}-32x64x64x256-text`]),
  ...defaultCases.filter((name) => name.startsWith('product')),
];

/** A case by its name. Throws an Error that says how names are made. */
export function parseCase(name: string): Case {
  const found = /^(?<cell>[a-z]+(?:-[a-z]+)?)-(?<sizes>[1-9]\d*(?:x[1-9]\d*){3,4})(?:-every(?<every>[1-9]\d*))?(?:-(?<mode>train|infer|stream|text))?$/.exec(name)?.groups;
  const cell = found?.['cell'] ?? '';
  if (found === undefined || !isCell(cell)) {
    throw new Error(`bench: there is no case "${name}"; write CELL-NxTxIxH, xL behind for layers, -infer for inference, -stream for one step after the other, -text for a language model: lstm-32x64x64x256, gru-64x28x28x256x2-infer. Cells: ${Object.keys(gates).join(', ')}.`);
  }
  const [batch = 1, time = 1, input = 1, hidden = 1, layers = 1] = (found['sizes'] ?? '').split('x').map(Number);
  const mode = (found['mode'] ?? 'train') as Mode;
  const every = found['every'] === undefined ? undefined : Number(found['every']);
  const full = nameOf(cell, [batch, time, input, hidden, ...(layers > 1 ? [layers] : [])], mode, every);
  return { name: full, cell, mode, batch, time, input, hidden, layers, ...(every === undefined ? {} : { every }) };
}

function nameOf(cell: CellName, sizes: readonly number[], mode: Mode, every: number | undefined): string {
  return `${cell}-${sizes.join('x')}${every === undefined ? '' : `-every${every}`}${mode === 'train' ? '' : `-${mode}`}`;
}

function isCell(name: string): name is CellName {
  return Object.hasOwn(gates, name);
}
