import { reference } from '@unroll/tensor';
import { conformance } from './conformance.ts';

conformance('reference', reference);
