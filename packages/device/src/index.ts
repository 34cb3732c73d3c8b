export { openBackend, type Choice, type DeviceName, type Opened, type OpenOptions } from './open.ts';
export { crossover, usualWorkloads, type Cache, type CrossoverOptions, type Measured } from './crossover.ts';
export { millisecondsOf, shapeClass, type Workload } from './workload.ts';
export { selfTest, type SelfTest } from './self-test.ts';
export { examineGpu, examineHost, type GpuReport, type HostReport } from './examine.ts';
export { successor, type Succession, type SuccessorOptions } from './successor.ts';
