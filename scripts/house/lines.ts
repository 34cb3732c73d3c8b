import { Visitor } from 'oxc-parser';
import type { Source } from './tree.ts';

/** Lines with code on them: neither blank nor only a comment. */
export function codeLines(source: Source): number {
  let text = source.text;
  for (const { start, end } of source.comments.toReversed())
    text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end);
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

/** Length in lines of every function, method and arrow with a body in braces. */
export function functionLengths(source: Source): number[] {
  const lengths: number[] = [];
  const add = (node: { readonly start: number; readonly end: number; readonly body?: unknown }): void => {
    if (node.body !== null) lengths.push(source.text.slice(node.start, node.end).split('\n').length);
  };
  new Visitor({
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: (node) => {
      if (!node.expression) add(node);
    },
  }).visit(source.program);
  return lengths;
}

/** Comments that switch a check off; one is allowed only with its reason: `-- why`, or `: why`. */
export function bareSuppressions(source: Source): string[] {
  return source.comments
    .map(({ value }) => value.trim())
    .filter((comment) => /^(oxlint|eslint)-disable|^@ts-(ignore|expect-error|nocheck)/.test(comment) && !/( --|:) \S/.test(comment))
    .map((comment) => `${source.path}: "${comment}" needs its reason: " -- why"`);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
