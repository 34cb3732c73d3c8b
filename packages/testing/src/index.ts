export {};
export { recurrenceSuite, scansOf } from './recurrence.ts';
