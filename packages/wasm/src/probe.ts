import { ModuleBuilder } from './assembler.ts';
import { profiles, type Profile } from './profile.ts';

/** The first V8 whose WebAssembly compiler keeps instructions in order. */
const turboshaftSince = [13, 2] as const;

/** What the host says about itself; each part is missing somewhere. */
export interface Host {
  readonly process?: {
    readonly versions?: { readonly v8?: string; readonly node?: string };
    getBuiltinModule?(id: string): unknown;
  };
}

/**
 * Whether fused multiply-add (relaxed SIMD) can be compiled. Where Node has it but switched off (version 20), switches it on for
 * the whole process; so call this before code is compiled.
 */
export function relaxedSimdSupported(host: Host = thisHost()): boolean {
  const probe = relaxedModule();
  if (WebAssembly.validate(probe)) return true;
  if (host.process?.versions?.node === undefined) return false;
  setFlags('--experimental-wasm-relaxed-simd', host);
  return WebAssembly.validate(probe);
}

/** How products are best shaped on this engine. `deterministic`: without fused operations, so that results have the same bits everywhere. */
export function chooseProfile({ deterministic = false }: { readonly deterministic?: boolean } = {}, host: Host = thisHost()): Profile {
  if (deterministic || !relaxedSimdSupported(host)) return profiles.deterministic;
  return isBeforeTurboshaft(host.process?.versions?.v8) ? profiles.turbofan : profiles.turboshaft;
}

/** Whether V8, if it is V8, is too old for what came with its new compiler. */
export function isBeforeTurboshaft(version: string | undefined): boolean {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < turboshaftSince[0] || (major === turboshaftSince[0] && minor < turboshaftSince[1]);
}

/** Changes how V8 compiles from now on, for the whole process. Only in Node. */
export function setFlags(flags: string, host: Host): void {
  // Asked of the process, not imported: bundlers for browsers never see it.
  const v8 = host.process?.getBuiltinModule?.('node:v8') as { setFlagsFromString(flags: string): void } | undefined;
  v8?.setFlagsFromString(flags);
}

/** By way of `object`, because what the type of globalThis has depends on who compiles this. */
export function thisHost(): Host {
  const host: object = globalThis;
  return host;
}

/** A module of one function, which multiplies and adds four numbers in one instruction. */
function relaxedModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ initial: 0, maximum: 1, shared: false });
  module.function({ params: ['v128'], results: ['v128'] }, (f) => f.get(f.param(0)).get(f.param(0)).get(f.param(0)).op('f32x4.relaxed_madd'));
  return module.bytes();
}
