import { layerSuite, streamSuite } from '@unroll/testing';
import { wasm } from './index.ts';

layerSuite('wasm', () => wasm(), 2e-5);
streamSuite('wasm', () => wasm());
