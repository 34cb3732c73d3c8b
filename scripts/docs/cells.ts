import { CellError, cells, latexOf, stepOf, textOf, type Cell, type CellName } from '@unroll/cells';
import { graphOf, layoutOf, svg } from '@unroll/diagram';
import { differentiate, planOf, type Step } from '@unroll/expr';
import { systems } from './systems.ts';

const notice = '<!-- Made by `pnpm run docs` from the definitions in packages/cells; changes here are lost. -->';

/** Every page and picture of docs/cells by its file name. */
export function cellPages(): Map<string, string> {
  const entries = Object.entries(cells) as [CellName, Cell][];
  return new Map([['README.md', overview(entries)], ...entries.flatMap(([name, cell]) => [[`${name}.md`, page(name, cell)], [`${name}.svg`, picture(cell)]] as const)]);
}

function overview(entries: readonly [CellName, Cell][]): string {
  const rows = entries.map(([name, cell]) => [`[${name}](${name}.md)`, cell.state.join(', '), gatesOf(cell).join(', '), `${stagesOf(cell)}`, sourceOf(cell), systems[name].map(({ system }) => system).join(', ')]);
  return [
    notice,
    '# Cells',
    'Every cell that comes with the library, from simple to hard: `new Recurrent(cells.lstm, inputSize, hiddenSize)`. *Products* counts the matrix products with the state that wait for one another in one step; products of the input are computed for all steps at once.',
    table(['cell', 'states', 'gates', 'products', 'paper', 'also in'], rows),
    'Options that every cell has: `withClip(cell, 3)` bounds what goes into the gates, `projSize` gives the output fewer channels where the equations allow it. `rnnWith`, `gruWith` and `lstmWith` are the forms of ONNX: an activation function for each kind of gate, peepholes, a coupled forget gate. A cell of your own takes ten lines of code or of text: see [@unroll/cells](../../packages/cells/README.md).',
    '',
  ].join('\n\n');
}

function page(name: CellName, cell: Cell): string {
  const rows = systems[name].map(({ system, there, note }) => [system, there, note]);
  return [
    notice,
    `# ${name}`,
    `${cell.source}.`,
    `![One step of ${name}: old states on the left, new ones on the right](${name}.svg)`,
    ['```math', latexOf(cell), '```'].join('\n'),
    'As text, for `cellFromText` or a file:',
    ['```text', bodyOf(cell), '```'].join('\n'),
    '## Shapes',
    `B batch, I input, H hidden${projects(cell) ? ', P projection' : ''}. Rows of the weights are stacked in the order of the gates.`,
    table(['', 'shape', ''], shapesOf(cell)),
    '## Cost',
    costOf(cell),
    '## Also in',
    table(['system', 'name there', 'to know'], rows),
    '',
  ].join('\n\n');
}

function picture(cell: Cell): string {
  return svg(layoutOf(graphOf(cell)), { title: `One step of ${cell.name}` });
}

// The names of cell and paper stand on the page anyway.
function bodyOf(cell: Cell): string {
  return textOf({ ...cell, source: '' }).trim().split('\n').slice(1).join('\n');
}

function shapesOf(cell: Cell): string[][] {
  const { state, inputGates, recurrentGates, vectors, bias, start } = cell;
  const weights: [string, readonly string[], string][] = [['ih', inputGates, 'I'], ['hh', recurrentGates, projects(cell) ? 'H, or P' : 'H']];
  const present = weights.filter(([, gates]) => gates.length > 0);
  return [
    ...state.map((name, k) => [`state \`${name}\``, k === 0 && projects(cell) ? '(B, H), or (B, P)' : '(B, H)', k === 0 ? 'the output' : '']),
    ...present.map(([weight, gates, columns]) => [`\`weight_${weight}\``, `(${times(gates.length)}H, ${columns})`, gates.join(', ')]),
    ...(bias ? present.map(([weight, gates]) => [`\`bias_${weight}\``, `(${times(gates.length)}H)`, gates.join(', ')]) : []),
    ...(projects(cell) ? [['`weight_hr`', '(P, H)', 'with `projSize` only']] : []),
    ...vectors.map((name) => [`\`${name}\``, '(H)', start[name] === undefined ? 'vector' : `vector, starts at ${start[name]}`]),
  ];
}

function costOf(cell: Cell): string {
  const { inputGates, recurrentGates, vectors, bias } = cell;
  const parts = [
    `${times(inputGates.length)}H·I`,
    ...(recurrentGates.length > 0 ? [`${times(recurrentGates.length)}H²`] : []),
    ...(bias ? [`${times(inputGates.length + recurrentGates.length)}H`] : []),
    ...(vectors.length > 0 ? [`${times(vectors.length)}H`] : []),
  ];
  const stages = stagesOf(cell);
  const waits = stages === 0 ? 'No matrix product with the state' : stages === 1 ? 'One matrix product with the state' : `${stages} matrix products with the state, one after the other,`;
  return `${parts.join(' + ')} parameters. ${waits} in a step. For the backward pass a step keeps ${keptOf(cell)} rows of H channels.`;
}

function keptOf(cell: Cell): number {
  const step = sized(cell);
  const wanted = [...step.sequences, ...step.vectors, ...step.weights].map(({ name }) => name);
  return differentiate(step, new Set([cell.state[0] ?? '']), new Set(wanted)).kept.length;
}

function stagesOf(cell: Cell): number {
  return planOf(sized(cell)).loop.filter(({ products }) => products.length > 0).length;
}

function sized(cell: Cell): Step {
  return stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true });
}

function projects(cell: Cell): boolean {
  try {
    stepOf(cell, { inputSize: 3, hiddenSize: 5, bias: true, projSize: 2 });
    return true;
  } catch (error) {
    if (error instanceof CellError) return false;
    throw error;
  }
}

function gatesOf({ inputGates, recurrentGates }: Cell): string[] {
  return [...new Set([...inputGates, ...recurrentGates])];
}

function sourceOf({ source }: Cell): string {
  return source.split('; ').map((paper) => paper.split(', ').slice(0, -1).join(', ') || paper).join('; ');
}

function times(count: number): string {
  return count === 1 ? '' : `${count}·`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cellsOfRow: readonly string[]): string => `| ${cellsOfRow.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
