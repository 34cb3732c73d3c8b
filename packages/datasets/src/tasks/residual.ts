/** Mean squared error of the best linear guess a x + b of y: var(y) - cov(x, y)^2 / var(x). */
export function linearResidual(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [mean(x), mean(y)];
  const variance = (values: Float64Array, m: number): number => mean(values.map((value) => (value - m) ** 2));
  const covariance = mean(x.map((value, i) => (value - mx) * ((y[i] as number) - my)));
  const spread = variance(x, mx);
  return variance(y, my) - (spread > 0 ? covariance ** 2 / spread : 0);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
