import { test } from 'vitest';
import { cells, cellFromText, textOf, latexOf, lstmWith } from './index.ts';
test('x', () => {
  const out: string[] = [];
  for (const cell of [...Object.values(cells), lstmWith({activations:['kerasHardSigmoid', {name:'leakyRelu',alpha:.1}, 'elu'], clip: 3, peepholes: true, coupled: true})]) {
    out.push(textOf(cell));
    const back = cellFromText(textOf(cell));
    out.push(String(latexOf(cell) === latexOf(back)), String(textOf(back) === textOf(cell)));
  }
  for (const bad of ['', 'h = sigmiod(W x + R h)', 'h = tanh(W_h x + R_h h + b_h', 'h = tanh(W x)', 'h = tanh(W x + R h) + c', 'h = tanh(W h)', 'h = h h', 'h = 2 h', 'h = tanh(W x + R h)\nh = h', 'f = sigmoid(W_f x + R_f h + b_f)\nh = tanh(W_h x + R_h h)',
   'h = min(h)', 'h = b_f + h', 'h = tanh(W_f * x)', 'h = $', 'h = c_{t-1}', 'h = h + (', 'h == 3', 'state c\nh = h', 'h_prev = h', 'h = c_t\nc = h', 'h = lstm(h)', 'tanh = h', 'h = tanh * h', 'h = h ]', 'h = h[t-2]', 'h = leakyrelu(h, h)']) {
    try { cellFromText(bad); out.push('NO ERROR ' + bad); } catch (e) { out.push(String(e)); }
  }
  process.stdout.write(out.join('\n') + '\n');
});
