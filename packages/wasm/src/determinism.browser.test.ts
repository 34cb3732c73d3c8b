import { determinismSuite } from '@unroll/testing/suites';
import { wasm } from './index.ts';

determinismSuite('wasm, deterministic', () => wasm({ deterministic: true }));
