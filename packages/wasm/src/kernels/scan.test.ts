import { recurrenceSuite } from '@unroll/testing';
import { afterAll } from 'vitest';
import { WasmBackend } from '../backend.ts';
import { wasm } from '../index.ts';
import { Heap } from '../memory.ts';
import { chooseProfile } from '../probe.ts';
import { Pool } from '../threads/pool.ts';

recurrenceSuite('wasm', () => wasm(), 2e-5);
recurrenceSuite('wasm, deterministic', () => wasm({ deterministic: true }), 2e-5);
// Slabs so small that the sizes of the suite take several, and a rest.
recurrenceSuite('wasm, small slabs', async () => new WasmBackend(new Heap({ shared: true }), { ...chooseProfile(), slab: { whole: 0, part: 256 } }), 2e-5);

const heap = new Heap({ shared: true });
const team = Pool.start(heap, 3, { least: 0, always: true }).then((pool) => new WasmBackend(heap, chooseProfile(), pool));
recurrenceSuite('wasm, three threads', () => team, 2e-5);
afterAll(async () => (await team).dispose());
