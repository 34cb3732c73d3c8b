import { determinismSuite } from '@unroll/testing';
import { wasm } from './index.ts';

determinismSuite('wasm, deterministic', () => wasm({ deterministic: true }));
// Where the engine has vectors of 256 bits; elsewhere once more the plain ones.
determinismSuite('wasm, deterministic, accelerated', () => wasm({ deterministic: true, accelerate: true }));
