import type { DeviceName, GpuReport, HostReport, Measured, SelfTest } from '@unroll/device';

/** How a backend did: its test, or why it does not run here. */
export type BackendReport = SelfTest | { readonly ok: false; readonly missing: string };

/** A row of the table: an LSTM with that many inputs and channels, and what a training step of it takes, in milliseconds. */
export interface CrossoverRow extends Measured {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
}

/** All that was found out; what `--format json` prints. */
export interface DoctorReport {
  readonly host: HostReport;
  readonly backends: Readonly<Record<DeviceName, BackendReport>>;
  readonly gpu?: GpuReport;
  readonly crossover?: readonly CrossoverRow[];
  /** Why there is no table. */
  readonly unmeasured?: string;
}
