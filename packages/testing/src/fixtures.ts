import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Modules of PyTorch with inputs, results and gradients, as absolute paths of safetensors files; tools/fixtures.py made them. */
export function torchFixtures(): string[] {
  const folder = fileURLToPath(new URL('../fixtures/torch', import.meta.url));
  return readdirSync(folder).sort().map((file) => join(folder, file));
}
