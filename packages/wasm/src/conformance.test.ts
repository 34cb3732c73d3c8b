import { conformance } from '@unroll/testing';
import { wasm } from './index.ts';

conformance('wasm', () => wasm());
conformance('wasm, deterministic', () => wasm({ deterministic: true }));
