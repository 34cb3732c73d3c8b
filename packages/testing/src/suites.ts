// What runs in browsers too: nothing here needs files.
export { conformance, recurrentCases, type Extent } from './conformance.ts';
export { layerSuite } from './layers.ts';
export { everyLayer, recurrenceSuite, scansOf, usualLayers, type LayerKernels } from './recurrence.ts';
export { extentHere, mustHaveGpu, shouldBeIsolated } from './provided.ts';
export { streamSuite } from './streams.ts';
export { trainNetwork, usualCells, type NetworkSizes } from './training.ts';
export { checkKernel, numberStream, randomInputs, runKernel } from './kernels.ts';
export { determinismSuite } from './determinism.ts';
