import { dot, latex, sharing, substitute, type Expr, type Notation } from '@unroll/expr';
import { inputName, inputWeight, type Cell } from './define.ts';
import { idiomOf } from './idioms.ts';

/** The cell's equations in LaTeX, one line a named value, in PyTorch's notation: `W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}`. */
export function latexOf(cell: Cell): string {
  const share = sharing();
  const visit = naming();
  const equations = cell.values.map(({ name, value }) => ({ name: symbol(name, 't'), value: visit(share(value)) }));
  return latex(equations, notationOf(cell)).replaceAll(/\b1e\+?(-?\d+)/g, '10^{$1}');
}

// A function that LaTeX has no operation for stands in the graph as a product with the function.
const functionMark = 'function ';
function naming(): (value: Expr) => Expr {
  const visit: (value: Expr) => Expr = substitute((node) => {
    const idiom = idiomOf(node);
    return idiom === undefined ? undefined : dot([functionMark + idiom.name, ...idiom.numbers].join(', '), 0, visit(idiom.operand));
  });
  return visit;
}

function notationOf(cell: Cell): Notation {
  return {
    input: (name) => (name === inputName ? 'x_t' : symbol(name, cell.state.includes(name) ? 't-1' : '')),
    product(weight, block, operand) {
      if (weight.startsWith(functionMark)) return { text: called(weight.slice(functionMark.length), operand), sum: false };
      const [from, gates] = weight === inputWeight ? (['i', cell.inputGates] as const) : (['h', cell.recurrentGates] as const);
      const index = `{${from}${gates[block] ?? block}}`;
      return cell.bias ? { text: `W_${index} ${operand} + b_${index}`, sum: true } : { text: `W_${index} ${operand}`, sum: false };
    },
  };
}

function called(spelled: string, operand: string): string {
  const [name = '', ...numbers] = spelled.split(', ');
  // An operand that is more than an atom comes in parentheses.
  const inner = operand.startsWith('(') ? operand.slice(1, -1) : operand;
  return `\\operatorname{${name}}(${[inner, ...numbers].join(', ')})`;
}

// p_i at time t is p_{i,t}; words are upright.
function symbol(name: string, time: string): string {
  const [base = '', ...index] = name.split('_');
  const below = [...index.map(upright), time].filter((part) => part !== '').join(',');
  return below === '' ? upright(base) : `${upright(base)}_${below.length === 1 ? below : `{${below}}`}`;
}

function upright(word: string): string {
  return [...word].length > 1 ? `\\mathrm{${word}}` : word;
}
