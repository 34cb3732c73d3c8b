import { conformance } from '@unroll/testing';
import { describeOnDevice } from './testing/device.ts';

await describeOnDevice('the conformance suite', (makeBackend) => conformance('webgpu', () => makeBackend()));
