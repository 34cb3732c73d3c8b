/** The table of ARCHITECTURE.md as data: who may import whom, and which words a room must not know. */

/** Workspace imports that the sources of each package may have. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  expr: [],
  datasets: [],
  cells: ['expr'],
  tensor: ['expr'],
  autograd: ['tensor', 'expr'],
  layers: ['cells', 'tensor', 'expr'],
  wasm: ['tensor', 'expr'],
  webgpu: ['tensor', 'expr'],
  diagram: ['cells', 'expr'],
  train: ['autograd', 'tensor', 'expr'],
  interop: ['cells', 'tensor', 'expr'],
  testing: ['expr', 'cells', 'tensor', 'autograd', 'layers', 'train', 'interop'],
  // The one library that names backends: which of them to take is its business, and what that depends on is a layer to measure.
  device: ['autograd', 'cells', 'layers', 'tensor', 'wasm', 'webgpu'],
  recipes: ['datasets', 'layers', 'cells', 'train', 'autograd', 'tensor'],
};

/** Packages from outside the workspace that a library may load, declared in its package.json; all others depend on nothing. */
export const mayLoad: Readonly<Record<string, readonly string[]>> = {
  // Strict CSV with line numbers, and Parquet as an optional peer: each loaded when the first such file is read.
  datasets: ['csv-parse', 'hyparquet'],
  // Private: files that go out are run by somebody else's runtime.
  testing: ['onnxruntime-web'],
};

/** Packages whose tests may use the shared suites; apps may too. The others are what those suites are made of. */
export const mayTestWithSuites: readonly string[] = ['wasm', 'webgpu', 'diagram'];

/** Backends see a tensor only from below. */
export const onlySubpath: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  wasm: { '@unroll/tensor': '@unroll/tensor/backend' },
  webgpu: { '@unroll/tensor': '@unroll/tensor/backend' },
};

const cellWord = /lstm|Lstm|LSTM|(?<![A-Za-z])gru(?![a-z])|Gru(?![a-z])|GRU/;
const optimiserWord = /\b(adam|adamw|sgd|rmsprop)\b/i;

/** Words that no source of a room contains, comments included: what it does not name, it cannot depend on. */
export const mustNotSay: Readonly<Record<string, readonly RegExp[]>> = {
  expr: [/\bcells?\b/i, cellWord],
  tensor: [cellWord, optimiserWord, /\bwgsl\b/i],
  autograd: [cellWord, optimiserWord, /\bwgsl\b/i],
  wasm: [cellWord, optimiserWord],
  webgpu: [cellWord, optimiserWord],
  train: [cellWord],
  datasets: [cellWord, /\btensors\b/i],
};

/** Comparing anything with one of these is branching on a cell's identity; ask for its structure, or look it up in a table. */
export const cellNames: readonly string[] = [
  'rnn', 'rnn-tanh', 'rnn-relu', 'indrnn', 'mingru', 'minlstm', 'mgu', 'gru', 'gru-original', 'gru-layernorm',
  'lstm', 'lstm-coupled', 'lstm-peephole', 'lstm-layernorm', 'slstm',
];

/** Code lines (no blank lines, no comments, no tests) that a package may have. */
export const lineCaps: Readonly<Record<string, number>> = {
  // 200 of them read equations that a person typed, and say where one is wrong.
  expr: 1400,
  tensor: 3000,
  autograd: 1200,
  // 350 for the cells themselves, their forms and options, 550 to read and write them as text, 100 for LaTeX and sizes.
  cells: 1200,
  // 280 of them are attention and the encoder-decoder.
  layers: 1250,
  // 3,200 for kernels and their assembler, 310 for threads, 90 for vectors of 256 bits, 100 for buffers and direct access, 50 to compile
  // ahead, 150 for more of the threads' shares.
  wasm: 4000,
  // 2,200 for the base, 350 of which make one dispatch of many kernels; the rest is recurrences in three forms.
  webgpu: 4900,
  // 400 for seven optimisers and their groups, 190 for schedules, 280 for averages, snapshots, histories and early stopping, 130 to stop and go on, 190 to go on where a device is lost.
  train: 1750,
  interop: 1800,
  // 1,080 for text, the built-in text and texts of any length; the rest is 14 tasks, tables, series, batches and remote sets, each a file of its own.
  datasets: 3250,
  // 230 for the graph with its labels, 250 to place nodes and to lay wires around them without a library, 140 for SVG and numbers in nodes.
  diagram: 720,
  device: 350,
  // 560 for text, 300 for decoding, 440 that runs share, 330 for sequences, 430 for forecasts with baselines and intervals, 240 for translation, 210 for trials.
  recipes: 2600,
};
