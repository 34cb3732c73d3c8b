// Puts the built playground beside the built command, which serves it. Run by the build of apps/cli, in its folder.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

cpSync(fileURLToPath(new URL('../apps/playground/dist/', import.meta.url)), 'dist/page', { recursive: true });
