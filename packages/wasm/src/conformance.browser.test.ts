import { conformance, shouldBeIsolated } from '@unroll/testing/suites';
import { expect, test } from 'vitest';
import { wasm } from './index.ts';

test('the page is isolated as it was asked to be', () => {
  expect(globalThis.crossOriginIsolated).toBe(shouldBeIsolated());
});

conformance('wasm', () => wasm());
conformance('wasm, deterministic', () => wasm({ deterministic: true }));
