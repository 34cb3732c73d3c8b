export { conformance } from './conformance.ts';
export { torchFixtures } from './fixtures.ts';
export { recurrenceSuite, scansOf } from './recurrence.ts';
