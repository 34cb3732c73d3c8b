import { layerSuite } from '@unroll/testing';
import { describeOnDevice } from './testing/device.ts';

// Thousands of shaders, which take a driver for the CPU a quarter of an hour: CI runs every fifth pair of cell and option, a laptop
// one a cell, UNROLL_EXTENT=full all of them.
const { UNROLL_CI, UNROLL_EXTENT } = process.env;
const every = UNROLL_EXTENT === 'full' ? 1 : UNROLL_CI === '1' ? 5 : 14;

await describeOnDevice('layers', (makeBackend) => layerSuite('webgpu', () => makeBackend(), 2e-4, every));
