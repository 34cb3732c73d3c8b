import { afterEach, expect, test, vi } from 'vitest';
import { profiles } from './profile.ts';
import { relaxedSimdSupported } from './probe.ts';
import { accelerated, isFaster, trial } from './turbo.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A clock of its own, which only goes on while something runs. */
function clock(tick = 0.001): { readonly trial: (milliseconds: number, bits: readonly number[]) => Parameters<typeof isFaster>[0] } {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => { now += tick; return now; });
  return { trial: (milliseconds, bits) => ({ run: () => { now += milliseconds; }, result: () => Int32Array.from(bits) }) };
}

function host(v8: string): { readonly flags: string[]; readonly host: object } {
  const flags: string[] = [];
  return { flags, host: { process: { versions: { v8, node: '0.0.0' }, getBuiltinModule: () => ({ setFlagsFromString: (flag: string) => flags.push(flag) }) } } };
}

test('is on only where it gives the same bits in less time', () => {
  const { trial: timed } = clock();
  expect(isFaster(timed(0.1, [1, 2]), timed(0.2, [1, 2]))).toBe(true);
  expect(isFaster(timed(0.1, [1, 2]), timed(0.2, [1, 3]))).toBe(false);
  expect(isFaster(timed(0.2, [1, 2]), timed(0.2, [1, 2]))).toBe(false);
});

test('is not even tried in pages, in old engines', () => {
  const old = host('11.3.244.8-node.30');
  expect([accelerated(profiles.turboshaft, {}), accelerated(profiles.turbofan, old.host), old.flags]).toEqual([profiles.turboshaft, profiles.turbofan, []]);
});

test('is switched off again where it does not help', () => {
  relaxedSimdSupported();
  clock(1);
  const { flags, host: node } = host('13.6.233.10');
  // By this clock everything takes equally long.
  expect(accelerated(profiles.turboshaft, node)).toBe(profiles.turboshaft);
  expect(flags).toEqual(['--experimental-wasm-revectorize', '--no-experimental-wasm-revectorize']);
});

test.each([['turbofan', 'revectorize'], ['turboshaft', 'revectorize'], ['deterministic', 'revectorize-deterministic']] as const)('%s and %s add up alike: the same bits', (plain, wide) => {
  relaxedSimdSupported();
  const results = [plain, wide].map((name) => {
    const { run, result } = trial(profiles[name]);
    run();
    return result();
  });
  expect(results[1]).toEqual(results[0]);
  expect(new Set(results[0]).size).toBeGreaterThan(1000);
});
