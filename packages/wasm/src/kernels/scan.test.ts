import { recurrenceSuite } from '@unroll/testing';
import { wasm } from '../index.ts';

recurrenceSuite('wasm', () => wasm(), 2e-5);
recurrenceSuite('wasm, deterministic', () => wasm({ deterministic: true }), 2e-5);
