import type { Lab } from './lab.svelte.ts';

/** Megabytes of a file that is read at all; of a text the first million characters are learnt from. */
const most = 50;

/** Learns from a file. One that is too large is not even read. */
export async function bringFile(lab: Pick<Lab, 'bring' | 'refused'>, file: File, task: 'text' | 'csv'): Promise<void> {
  if (file.size > most * 1e6) lab.refused = { code: 'large', values: { name: file.name, most } };
  else await lab.bring({ name: file.name, text: await file.text() }, task);
}
