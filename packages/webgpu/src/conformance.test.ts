import { conformance, type Extent } from '@unroll/testing';
import { describeOnDevice } from './testing/device.ts';

// In full in CI, but not on a driver that compiles slowly; a laptop has better things to do, too.
const { UNROLL_CI, UNROLL_EXTENT } = process.env;
const extent: Extent = UNROLL_CI === '1' && UNROLL_EXTENT !== 'short' ? 'full' : 'short';

await describeOnDevice('the conformance suite', (makeBackend) => conformance('webgpu', () => makeBackend(), extent));
