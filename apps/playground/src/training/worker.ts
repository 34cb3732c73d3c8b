import { EquationError } from '@unroll/cells';
import { Devices } from './devices.ts';
import type { Call, CallName, Calls, Message, Refusal } from './protocol.ts';
import { Session } from './session.ts';
import { sharing } from './sharing.ts';
import { sourceOf } from './sources/index.ts';

/** The worker of one model: questions in, answers out. What it does is in `session.ts`. */

const tell = (message: Message, transfer: Transferable[] = []): void => globalThis.postMessage(message, { transfer });

const devices = new Devices();
const share = sharing(navigator.hardwareConcurrency, navigator.locks);
let session: Session | undefined;

type Answers = { readonly [Name in CallName]: (...args: Parameters<Calls[Name]>) => ReturnType<Calls[Name]> | Promise<ReturnType<Calls[Name]>> };

const answers: Answers = {
  examine: async (spec) => void (await sourceOf(spec)),
  async open(spec) {
    const before = session;
    session = undefined;
    await before?.close();
    session = await Session.open(spec, tell, devices, share);
    return session.opened;
  },
  picture: async (choice) => (await import('./picture.ts')).pictureOf(choice),
  grant: (limit) => current().grant(limit),
  learn: (settings) => current().learn(settings),
  rewind: (step) => current().rewind(step),
  snapshots: () => current().snapshots,
  trace: (request) => current().trace(request),
  sample: (request) => current().sample(request),
  forecast: (request) => current().forecast(request),
  weights: () => current().weights(),
  load: (weights) => current().load(weights),
  loseDevice: () => current().loseDevice(),
};

globalThis.addEventListener('message', ({ data }: MessageEvent<Call>) => void answer(data));

async function answer({ id, name, args }: Call): Promise<void> {
  try {
    const value = await (answers[name] as (...args: readonly unknown[]) => unknown)(...args);
    tell({ kind: 'answer', id, value }, buffersOf(value));
  } catch (error) {
    tell({ kind: 'refusal', id, error: refusalOf(error) });
  }
}

function current(): Session {
  if (session === undefined) throw new Error('this worker has no model yet; call open first');
  return session;
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const place = error instanceof EquationError ? { line: error.line, column: error.column, length: error.length } : {};
  return { name: error.name, message: error.message, ...place };
}

/** Memory of arrays in a value, to be handed over instead of copied. */
function buffersOf(value: unknown, found: Set<ArrayBuffer> = new Set()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) buffersOf(part, found);
  return [...found];
}
