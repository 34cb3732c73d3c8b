import { idiomOf } from '@unroll/cells';
import type { Apply, Expr, ScalarOp } from '@unroll/expr';

/** How an operation reads in a node. */
const spellings: Readonly<Record<ScalarOp, string>> = {
  add: '+', sub: '−', mul: '×', div: '÷', min: 'min', max: 'max',
  less: '<', lessEqual: '≤', equal: '=',
  neg: '−', abs: '| |', floor: '⌊ ⌋', sqrt: '√', exp: 'exp', log: 'log', tanh: 'tanh', sigmoid: 'σ', relu: 'relu',
  select: 'if',
};

/** Functions that are made of operations, shorter than they are called. */
const shortened: Readonly<Record<string, string>> = {
  logsigmoid: 'log σ', layernorm: 'LN', softplus: 'soft+', softsign: 'softsign', hardsigmoid: 'hard σ', kerashardsigmoid: 'hard σ', leakyrelu: 'leaky', thresholdedrelu: 'relu θ',
};

/** The label of an operation or of a function by its name. */
export function spellingOf(name: string): string {
  return (spellings as Readonly<Record<string, string>>)[name] ?? shortened[name] ?? name;
}

/** What stands in a node for this expression, and the operands that come by wire: numbers and vectors of parameters are part of the label. */
export function argumentsOf(value: Expr, isVector: (name: string) => boolean): { readonly label: string; readonly operands: readonly Expr[] } {
  const idiom = idiomOf(value);
  if (idiom !== undefined) return { label: [spellingOf(idiom.name), ...idiom.numbers.map(numeral)].join(' '), operands: [idiom.operand] };
  switch (value.kind) {
    case 'constant': return { label: numeral(value.value), operands: [] };
    case 'input': return { label: value.name, operands: [] };
    case 'random': return { label: 'random', operands: [] };
    case 'mean': return { label: 'mean', operands: [value.operand] };
    case 'dot': return { label: value.weight, operands: value.terms.map(({ operand }) => operand) };
    case 'apply': return applied(value, isVector);
  }
}

function applied(value: Apply, isVector: (name: string) => boolean): { label: string; operands: Expr[] } {
  const words = value.args.map((arg) => {
    if (arg.kind === 'constant') return numeral(arg.value);
    return arg.kind === 'input' && isVector(arg.name) ? arg.name : undefined;
  });
  const operands = value.args.filter((_, k) => words[k] === undefined);
  const sign = spellings[value.op];
  if (value.args.length !== 2 || operands.length === 2) return { label: sign, operands };
  const [left, right] = words;
  return { label: [left, sign, right].filter((word) => word !== undefined).join(' '), operands };
}

function numeral(value: number): string {
  const short = Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential().replace('e+', 'e') : String(value);
  return short.replace('-', '−');
}
