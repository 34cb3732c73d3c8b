/** Prints as JSON how many GFLOP/s this core has with vectors of 128 bits, WebAssembly's: multiply and add in registers, nothing read, nothing written. */
import { setFlagsFromString } from 'node:v8';

/** As many sums that do not wait for each other as registers hold; two more vectors are multiplied. */
const sums = 12;
const rounds = 2_000_000;

// Node 20 has fused multiply-add behind this flag; newer ones do not know the flag.
if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(isFused())));
const run = exports['run'] as (rounds: number, x: number) => void;
console.log(JSON.stringify({ gflops: Math.max(...Array.from({ length: 9 }, sample)) }));

function sample(): number {
  const start = process.cpuUsage();
  run(rounds, 0.5);
  const { user, system } = process.cpuUsage(start);
  return (rounds * sums * 8) / (user + system) / 1000;
}

function isFused(): boolean {
  return WebAssembly.validate(moduleOf(true));
}

function moduleOf(fused: boolean): Uint8Array<ArrayBuffer> {
  const [count, value, left] = [0, 1, 2];
  const vector = 3 + sums;
  const [v128, get, set] = [0x7b, (local: number): number[] => [0x20, local], (local: number): number[] => [0x21, local]];
  const add = (sum: number): number[] => (fused
    ? [...get(vector), ...get(vector), ...get(sum), 0xfd, 0x85, 0x02, ...set(sum)]
    : [...get(vector), ...get(vector), 0xfd, 0xe6, 0x01, ...get(sum), 0xfd, 0xe4, 0x01, ...set(sum)]);
  const each = Array.from({ length: sums }, (_, k) => add(3 + k)).flat();
  // Every sum has to be of use at the end, or none of it would be computed.
  const used = Array.from({ length: sums }, (_, k) => get(3 + k)).flatMap((read, k) => (k === 0 ? read : [...read, 0xfd, 0xe4, 0x01]));
  const code = [
    2, 1, 0x7f, sums + 1, v128,
    ...get(value), 0xfd, 0x13, ...set(vector), ...get(count), ...set(left),
    0x03, 0x40, ...each, ...get(left), 0x41, 1, 0x6b, 0x22, left, 0x0d, 0, 0x0b,
    ...used, 0xfd, 0x1f, 0, 0x0b,
  ];
  const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 2, 0x7f, 0x7d, 1, 0x7d]), ...section(3, [1, 0]), ...section(7, [1, 3, ...Buffer.from('run'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}
