export { conformance } from './conformance.ts';
export { torchFixtures } from './fixtures.ts';
export { layerSuite } from './layers.ts';
export { recurrenceSuite, scansOf } from './recurrence.ts';
