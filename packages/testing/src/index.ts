export { torchFixtures } from './fixtures.ts';
export * from './suites.ts';
