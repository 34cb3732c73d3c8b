import type { ShaderBuilder } from './wgsl.ts';

/**
 * Declares `philox(counter, key)`, Philox4x32-10 as in the tensor package, and `unit(word)`, the number from 0 to 1 − 2⁻²⁴ of a word's
 * upper 24 bits. Products of two words are put together from halves, since shaders have no 64-bit integers.
 */
export function declarePhilox(shader: ShaderBuilder): void {
  shader.declare(`fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let rest = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (rest >> 16u);
}
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var turn = 0u; turn < 10u; turn++) {
    let high0 = multiplyHigh(0xd2511f53u, c.x);
    let high1 = multiplyHigh(0xcd9e8d57u, c.z);
    c = vec4<u32>(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
fn unit(word: u32) -> f32 {
  return f32(word >> 8u) * 0x1p-24f;
}`);
}
