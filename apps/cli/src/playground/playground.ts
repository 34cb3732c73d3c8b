import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { servePage } from './server.ts';

/** Flags of `unroll playground`. */
export interface PlaygroundFlags {
  readonly port: number;
  readonly isolation: boolean;
}

/** The page, which the build puts beside the command. */
const built = fileURLToPath(new URL('../page/', import.meta.url));

/** Serves the page until it is asked to stop. Throws CliError where there is no page, and what the port refuses. */
export async function playground({ port, isolation }: PlaygroundFlags, { io }: Session, folder: string = built): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) throw new CliError('usage', `playground: there is no page in ${folder}; build it with: pnpm build`);
  const server = await servePage(folder, { port, isolation });
  io.stdout.write(`${server.url}\n`);
  io.stderr.write('Open this address in a browser. Ctrl-C ends the playground.\n');
  await new Promise<void>((resolve) => {
    const forget = io.onStop(() => {
      forget();
      resolve();
    });
  });
  await server.close();
}
