import { reference } from '@unroll/tensor';
import { streamSuite } from './streams.ts';

streamSuite('reference', async () => reference());
