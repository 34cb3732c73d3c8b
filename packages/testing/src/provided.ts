import { inject } from 'vitest';
import type { Extent } from './conformance.ts';

// What vitest.config.ts tells tests in a browser, which cannot see the environment.
declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether the page is isolated from others, and so may share memory between threads. */
    isIsolated: boolean;
    /** How much of the suites is run. */
    extent: Extent;
    /** UNROLL_GPU=1: tests that find no adapter fail. */
    mustHaveGpu: boolean;
  }
}

/** Whether the page that a test runs in was asked to be isolated from others. */
export function shouldBeIsolated(): boolean {
  return inject('isIsolated');
}

/** How much of the suites is to be run in this browser. */
export function extentHere(): Extent {
  return inject('extent');
}

/** Whether a missing GPU is a failure. */
export function mustHaveGpu(): boolean {
  return inject('mustHaveGpu');
}
