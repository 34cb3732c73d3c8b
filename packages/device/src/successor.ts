import type { Backend } from '@unroll/tensor';
import { openBackend, type OpenOptions } from './open.ts';

/** What follows a lost GPU, and why. */
export interface Succession {
  readonly name: 'webgpu' | 'wasm';
  /** `again`: it is opened anew; `often`: it was lost too often within a minute; `gone`: there is none any more. */
  readonly reason: 'again' | 'often' | 'gone';
  /** Losses within a minute, this one among them. */
  readonly losses: number;
  /** What the lost one said; for `gone`, why there is no other. */
  readonly message: string;
}

/** How a lost GPU is followed. */
export interface SuccessorOptions extends Pick<OpenOptions, 'openers'> {
  /** Hears in a sentence what happens, and the same as data. */
  readonly say: (sentence: string, succession: Succession) => void;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

/** Losses within so many milliseconds are too many. */
const short = 60_000;
const tooMany = 2;

/**
 * The `next` of a recovery in `fit`: the GPU again, opened anew; the processor where there is none any more, or where this was the second
 * loss within a minute.
 */
export function successor({ say, now = () => performance.now(), openers = {} }: SuccessorOptions): (loss: Error) => Promise<Backend> {
  let losses: number[] = [];
  const onProcessor = async (reason: 'often' | 'gone', message: string): Promise<Backend> => {
    say(`${sentences[reason](losses.length, message)}; going on, on the processor`, { name: 'wasm', reason, losses: losses.length, message });
    return (await openBackend('wasm', { openers })).backend;
  };
  return async ({ message }) => {
    losses = [...losses, now()].filter((time) => now() - time < short);
    if (losses.length >= tooMany) return onProcessor('often', message);
    try {
      const { backend } = await openBackend('webgpu', { openers });
      say(`${sentences.again(1, message)}; going on from the last copy, on a new device`, { name: 'webgpu', reason: 'again', losses: losses.length, message });
      return backend;
    } catch (error) {
      return onProcessor('gone', error instanceof Error ? error.message : String(error));
    }
  };
}

const sentences: Readonly<Record<Succession['reason'], (losses: number, message: string) => string>> = {
  again: (_, message) => `the GPU was lost (${message})`,
  often: (losses, message) => `the GPU was lost ${losses} times within a minute (${message})`,
  gone: (_, message) => `the GPU was lost, and is not there any more (${message})`,
};
