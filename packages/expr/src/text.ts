import { children, type Expr } from './node.ts';

const spoken = new WeakMap<Expr, string>();

/** One line of text: `sigmoid(add(ih.0(x), hh.0(h)))`. Equal text means equal meaning, so it also serves as a key. */
export function text(expr: Expr): string {
  const known = spoken.get(expr);
  if (known !== undefined) return known;
  const line = spell(expr);
  spoken.set(expr, line);
  return line;
}

function spell(expr: Expr): string {
  const below = (): string => children(expr).map(text).join(', ');
  switch (expr.kind) {
    case 'constant': return Object.is(expr.value, -0) ? '-0' : String(expr.value);
    case 'input': return expr.name;
    case 'random': return `random(${expr.stream}, ${expr.span})`;
    case 'apply': return `${expr.op}(${below()})`;
    case 'mean': return `mean(${below()})`;
    case 'dot': return `${expr.weight}${expr.transposed ? "'" : ''}.${expr.terms.map((term) => term.block).join('+')}(${below()})`;
  }
}
