import { styleText } from 'node:util';
import type { Io, Output } from '../io.ts';

/** The few things that look different from the rest. */
export type Role = 'strong' | 'faint' | 'good' | 'bad' | 'accent';

type Format = 'bold' | 'dim' | 'green' | 'red' | 'cyan';

const formats: Readonly<Record<Role, Format>> = { strong: 'bold', faint: 'dim', good: 'green', bad: 'red', accent: 'cyan' };

/** Colours a text, or returns it as it is where colours are not wanted. */
export type Paint = (role: Role, text: string) => string;

/**
 * Colours for a terminal, none for anything else. `NO_COLOR` (https://no-color.org) takes them away, `FORCE_COLOR` brings them;
 * either counts where it is not empty, and `NO_COLOR` is the stronger.
 */
export function painter(io: Io, output: Output): Paint {
  return wantsColour(io, output) ? (role, text) => styleText(formats[role], text, { validateStream: false }) : (_, text) => text;
}

function wantsColour({ env }: Io, output: Output): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'] ?? '';
  return force === '' ? output.isTTY : force !== '0';
}
