import { aheadSuite } from './testing/ahead.ts';

aheadSuite();
