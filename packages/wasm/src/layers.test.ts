import { layerSuite } from '@unroll/testing';
import { wasm } from './index.ts';

layerSuite('wasm', () => wasm(), 2e-5);
