import { adjointName, biasName, constant, freeNames, mapStep, rewrite, roots, substitute, topological, type Accumulation, type Backward, type Dot, type Expr, type Step } from '@unroll/expr';

/**
 * The same backward step where only the outputs `given` bring a gradient and only the gradients of `wanted` (sequences, vectors,
 * weights) are asked for. What is then not needed is neither computed nor read; gradients that are always zero are left out.
 * It reads no value that the full one does not read, so `kept` stays as it is.
 */
export function narrow(backward: Backward, given: ReadonlySet<string>, wanted: ReadonlySet<string>): Backward {
  const { kept, sources, step } = backward;
  const absent = new Set(step.sequences.filter((_, k) => sources[k]?.kind === 'cotangent' && !given.has(sources[k].name)).map(({ name }) => name));
  const asked = new Set([...wanted].flatMap((name) => [adjointName(name), adjointName(biasName(name))]));
  const isAsked = ({ name }: { readonly name: string }): boolean => asked.has(name);
  const small = withoutZeros(mapStep({ ...step, outputs: step.outputs.filter(isAsked), accumulations: step.accumulations.filter(isAsked) }, without(absent)));
  const nodes = topological(roots(small));
  const names = freeNames(nodes);
  const weights = new Set(nodes.flatMap((node) => (node.kind === 'dot' ? [node.weight] : [])));
  const isRead = ({ name }: { readonly name: string }): boolean => names.has(name);
  return {
    kept,
    sources: sources.filter((_, k) => isRead(step.sequences[k] ?? { name: '' })),
    step: { ...small, sequences: step.sequences.filter(isRead), vectors: step.vectors.filter(isRead), weights: step.weights.filter(({ name }) => weights.has(name)) },
  };
}

function isZero(expr: Expr): boolean {
  return expr.kind === 'constant' && expr.value === 0;
}

// Zero in the place of the named inputs, and whatever follows from it.
function without(absent: ReadonlySet<string>): (root: Expr) => Expr {
  const zeros = substitute((node) => (node.kind === 'input' && absent.has(node.name) ? constant(0) : undefined));
  const folded = rewrite((node) => {
    if (isZero(node)) return constant(0);
    if (node.kind === 'dot' && node.transposed) return withoutZeroTerms(node);
    const [, a, b] = node.kind === 'apply' && node.op === 'select' ? node.args : [];
    return a !== undefined && b !== undefined && isZero(a) && isZero(b) ? a : node;
  });
  return (root) => folded(zeros(root));
}

function withoutZeroTerms(node: Dot): Expr {
  const terms = node.terms.filter(({ operand }) => !isZero(operand));
  return terms.length === 0 ? constant(0) : { ...node, terms };
}

function withoutZeros(step: Step): Step {
  const trimmed = (sum: Accumulation): Accumulation => ({ ...sum, parts: sum.parts.filter(({ left, right }) => !isZero(left) && (right === undefined || !isZero(right))) });
  return {
    ...step,
    outputs: step.outputs.filter(({ value }) => !isZero(value)),
    accumulations: step.accumulations.map(trimmed).filter(({ parts }) => parts.length > 0),
  };
}
