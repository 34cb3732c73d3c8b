/** A test that prints has found something to say that nobody will read: it fails. One that means to print spies on the console. */
import { afterEach, beforeEach } from 'vitest';

const methods = ['debug', 'info', 'log', 'warn', 'error'] as const;
const originals = methods.map((method) => [method, console[method]] as const);
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  for (const method of methods) console[method] = (...values: unknown[]): void => void printed.push(`console.${method}: ${values.map(String).join(' ')}`);
});

afterEach(() => {
  for (const [method, original] of originals) console[method] = original;
  if (printed.length > 0) throw new Error(`the test printed to the console:\n${printed.join('\n')}`);
});
