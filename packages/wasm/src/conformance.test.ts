import { conformance } from '../../testing/src/conformance.ts';
import { wasm } from './index.ts';

conformance('wasm', () => wasm());
conformance('wasm, deterministic', () => wasm({ deterministic: true }));
