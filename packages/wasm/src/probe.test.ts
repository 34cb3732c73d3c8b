import { afterEach, describe, expect, test, vi } from 'vitest';
import { profiles } from './profile.ts';
import { chooseProfile, relaxedSimdSupported } from './probe.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function node(v8: string, setFlagsFromString: (flags: string) => void = () => undefined): object {
  return { process: { versions: { v8, node: '0.0.0' }, getBuiltinModule: () => ({ setFlagsFromString }) } };
}

describe('relaxed SIMD', () => {
  test('is there in this Node, once asked for', () => {
    expect(relaxedSimdSupported()).toBe(true);
  });

  test('is switched on where Node has it switched off', () => {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValueOnce(false).mockReturnValueOnce(true);
    const flags: string[] = [];
    expect(relaxedSimdSupported(node('11.3.244.8-node.30', (flag) => flags.push(flag)))).toBe(true);
    expect(flags).toEqual(['--experimental-wasm-relaxed-simd']);
    expect(validate).toHaveBeenCalledTimes(2);
  });

  test('changes no flag where it is on', () => {
    const flags: string[] = [];
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(true);
    relaxedSimdSupported(node('12.4.254', (flag) => flags.push(flag)));
    expect(flags).toEqual([]);
  });

  test('may be missing: in a page, and in a Node too old to ask', () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    expect(relaxedSimdSupported({})).toBe(false);
    expect(relaxedSimdSupported({ process: { versions: { node: '20.0.0' } } })).toBe(false);
  });
});

describe('the profile', () => {
  test.each([['11.3.244.8-node.30', 'turbofan'], ['12.4.254.21', 'turbofan'], ['13.1.9', 'turbofan'], ['13.2.0', 'turboshaft'], ['13.6.233.10', 'turboshaft'], ['14.0.1', 'turboshaft']] as const)('of V8 %s is %s', (version, name) => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(true);
    expect(chooseProfile({}, node(version))).toBe(profiles[name]);
  });

  test('of other engines and of pages is turboshaft', () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(true);
    expect(chooseProfile({}, {})).toBe(profiles.turboshaft);
  });

  test('without relaxed SIMD, or on demand, is the deterministic one', () => {
    expect(chooseProfile({ deterministic: true })).toBe(profiles.deterministic);
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    expect(chooseProfile({}, {})).toBe(profiles.deterministic);
  });
});

test('every profile has a count of panels for each height, one for the highest', () => {
  for (const { mr, nr, panels, name } of Object.values(profiles)) {
    expect({ name, length: panels.length, last: panels.at(-1), odd: nr % 4 }).toEqual({ name, length: mr, last: 1, odd: 0 });
  }
});
