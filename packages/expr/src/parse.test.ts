import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EquationError, parseEquations, type DirectiveKind, type Syntax } from './index.ts';

const spell = (syntax: Syntax): string => {
  switch (syntax.kind) {
    case 'number': return String(syntax.value);
    case 'name': return syntax.name + (syntax.time === undefined ? '' : `@${syntax.time}`);
    case 'call': return `${syntax.callee.name}[${syntax.args.map(spell).join(', ')}]`;
    case 'negation': return `neg(${spell(syntax.operand)})`;
    case 'operation': return `(${spell(syntax.left)} ${syntax.op} ${spell(syntax.right)})`;
  }
};
const right = (source: string): string[] => parseEquations(source).equations.map(({ value }) => spell(value));
const keywords: Readonly<Record<string, DirectiveKind>> = { state: 'names', name: 'text' };

describe('equations', () => {
  test.each([
    ['a + b - c', '((a + b) - c)'],
    ['a - b * c / d', '(a - ((b * c) / d))'],
    ['-a * b', '(neg(a) * b)'],
    ['a * -b', '(a * neg(b))'],
    ['--a − −b', '(neg(neg(a)) - neg(b))'],
    ['(a + b) ⊙ c ∘ d · e × f ⋅ g', '((((((a + b) * c) * d) * e) * f) * g)'],
    ['W_f x + R_f (r * h)', '(W_f[x] + R_f[(r * h)])'],
    ['W_f x * 2', '(W_f[x] * 2)'],
    ['R_a R_b h', 'R_a[R_b[h]]'],
    ['R_a tanh(h)', 'R_a[tanh[h]]'],
    ['min(a, b + 1)', 'min[a, (b + 1)]'],
    ['1.5e-3 + .5 - 2.', '((0.0015 + 0.5) - 2)'],
    ['h_{t-1} + h[t-1] + h[ t − 1 ] + h_{t}', '(((h@before + h@before) + h@before) + h@now)'],
    ['W_{f} x_{t}', 'W_f[x@now]'],
    ['ĉ + σ(β_1)', '(ĉ + σ[β_1])'],
  ])('%s', (source, expected) => {
    expect(right(`y = ${source}`)).toEqual([expected]);
  });

  test('blank lines, comments and all ends of lines', () => {
    expect(right('# one\r\n\n  a = b # two\r  \n\tc = d')).toEqual(['b', 'd']);
    expect(parseEquations('')).toEqual({ equations: [], directives: [] });
  });

  test('every part knows its place', () => {
    const [equation] = parseEquations('\n  f = tanh(W_{f} x)').equations;
    expect(equation?.target.span).toEqual({ line: 2, column: 3, length: 1 });
    expect(equation?.value).toMatchObject({ callee: { span: { line: 2, column: 7, length: 4 } }, args: [{ callee: { span: { line: 2, column: 12, length: 5 } } }] });
  });

  test('lines of other kinds', () => {
    const { equations, directives } = parseEquations('name: my own # words\nstate h, c = -1.5\nstate = h', keywords);
    expect(directives.map(({ keyword, text }) => [keyword, text])).toEqual([['name', 'my own'], ['state', 'h, c = -1.5']]);
    expect(directives[1]?.names.map(({ name, value }) => [name.name, value])).toEqual([['h', undefined], ['c', -1.5]]);
    expect(equations.map(({ target }) => target.name)).toEqual(['state']);
    expect(parseEquations('name = h * 2', keywords).directives[0]?.text).toBe('h * 2');
  });
});

describe('errors point at the token', () => {
  test.each([
    ['y = (a + b', 1, 11, 1, 'expected ")" for the parenthesis opened in column 5, got the end of the line.'],
    ['y = a + b)', 1, 10, 1, 'did not expect ")" here.'],
    ['y = a +', 1, 8, 1, 'expected a value, got the end of the line.'],
    ['y = 2 rest', 1, 7, 4, 'expected an operator before "rest"; a product of values is written with *.'],
    ['y', 1, 2, 1, 'expected "=" after "y", got the end of the line.'],
    ['= y', 1, 1, 1, 'expected an equation such as "h = tanh(W x + R h)", got "=".'],
    ['a = 1\ny = 3 % 4', 2, 7, 1, '"%" has no meaning in an equation.'],
    ['y = h_{t-2}', 1, 5, 7, 'the index of "h" must be a name, {t} or {t-1}, got {t-2}.'],
    ['y = h[3]', 1, 5, 4, 'the index of "h" must be [t] or [t-1], got [3].'],
    ['y = f()', 1, 7, 1, 'expected a value, got ")".'],
    ['y = 🙂', 1, 5, 2, '"🙂" has no meaning in an equation.'],
    ['state h c', 1, 9, 1, 'expected an operator before "c"; a product of values is written with *.'],
    ['state', 1, 6, 1, 'expected a name, got the end of the line.'],
    ['state h = c', 1, 11, 1, 'expected a number, got "c".'],
  ])('%j', (source, line, column, length, problem) => {
    const error = failure(() => parseEquations(source, keywords));
    expect(error).toMatchObject({ name: 'EquationError', line, column, length });
    expect(error.message.split('\n')[0]).toBe(`line ${line}, column ${column}: ${problem}`);
  });

  test('the message shows the line with carets below', () => {
    expect(failure(() => parseEquations('a = 1\n\tb = tanh(a) + beta) gamma')).message.split('\n').slice(1)).toEqual(['   b = tanh(a) + beta) gamma', `   ${' '.repeat(18)}^`]);
    const long = failure(() => parseEquations(`y = ${'a + '.repeat(60)}%`)).message.split('\n');
    expect(long[1]?.indexOf('%')).toBe(long[2]?.indexOf('^'));
    expect(long[1]?.length).toBeLessThan(130);
  });

  test('depth and length have an end', () => {
    expect(failure(() => parseEquations(`y = ${'('.repeat(101)}`)).message).toContain('nested more than 100 levels deep');
    expect(failure(() => parseEquations(`y = ${'-'.repeat(101)}a`)).message).toContain('nested more than 100 levels deep');
    expect(failure(() => parseEquations(`y = a${' + a'.repeat(1000)}`)).message).toContain('longer than 2000');
    expect(parseEquations(`y = a${' + a'.repeat(990)}`).equations).toHaveLength(1);
  });

  test('whatever the text is, nothing but an EquationError comes out, and it lies in the text', () => {
    const pieces = fc.oneof(fc.constantFrom('h', 'W_f', 'x', '(', ')', '+', '-', '*', '=', '\n', ' ', ',', '_{t-1}', '[t-1]', '{', '[', '1e5', '.', '#', 'state', 'name', 'tanh(', '\r\n', '\t', '⊙'), fc.string({ unit: 'binary', maxLength: 3 }));
    fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (words) => {
      const source = words.join('');
      try {
        parseEquations(source, keywords);
      } catch (error) {
        if (!(error instanceof EquationError)) throw error;
        const line = source.split(/\r\n|[\n\r]/)[error.line - 1];
        expect(line).toBeDefined();
        expect(error.column).toBeLessThanOrEqual((line ?? '').length + 1);
        expect(error.length).toBeGreaterThanOrEqual(1);
      }
    }), { numRuns: 2000 });
  });
});

function failure(run: () => unknown): EquationError {
  try {
    run();
  } catch (error) {
    if (error instanceof EquationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
