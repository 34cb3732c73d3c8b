/**
 * Absolute values of the eigenvalues of a real square matrix, the largest first: reduction to Hessenberg form by elimination, then
 * QR steps with double shifts (Francis 1961; the algorithms elmhes and hqr of Wilkinson and Reinsch, Handbook for Automatic Computation, 1971).
 *
 * @param matrix n·n numbers, row by row; not changed
 */
export function eigenvalueSizes(matrix: ArrayLike<number>, n: number): number[] {
  const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => matrix[i * n + j] as number));
  toHessenberg(rows);
  return hessenbergEigenvalues(rows).map(([re, im]) => Math.hypot(re, im)).sort((a, b) => b - a);
}

/** The largest absolute eigenvalue: above 1 a linear recurrence grows, below 1 it fades. NaN where the matrix is not finite. */
export function spectralRadius(matrix: ArrayLike<number>, n: number): number {
  for (let k = 0; k < n * n; k += 1) if (!Number.isFinite(matrix[k])) return NaN;
  return eigenvalueSizes(matrix, n)[0] ?? 0;
}

type Rows = readonly Float64Array[];

function toHessenberg(a: Rows): void {
  const n = a.length;
  for (let m = 1; m < n - 1; m += 1) {
    let pivot = m;
    for (let i = m; i < n; i += 1) if (Math.abs(at(a, i, m - 1)) > Math.abs(at(a, pivot, m - 1))) pivot = i;
    const x = at(a, pivot, m - 1);
    if (x === 0) continue;
    if (pivot !== m) exchange(a, pivot, m);
    for (let i = m + 1; i < n; i += 1) eliminate(a, i, m, at(a, i, m - 1) / x);
  }
  for (let i = 2; i < n; i += 1) (a[i] as Float64Array).fill(0, 0, i - 1);
}

function exchange(a: Rows, i: number, j: number): void {
  const [x, y] = [a[i] as Float64Array, a[j] as Float64Array];
  for (let k = 0; k < a.length; k += 1) [x[k], y[k]] = [y[k] as number, x[k] as number];
  for (const row of a) [row[i], row[j]] = [row[j] as number, row[i] as number];
}

/** Takes `factor` times row m from row i, and gives column m as much of column i: a similar matrix. */
function eliminate(a: Rows, i: number, m: number, factor: number): void {
  if (factor === 0) return;
  const [target, source] = [a[i] as Float64Array, a[m] as Float64Array];
  for (let k = 0; k < a.length; k += 1) target[k] = (target[k] as number) - factor * (source[k] as number);
  for (const row of a) row[m] = (row[m] as number) + factor * (row[i] as number);
}

/** More steps than that no matrix of numbers needs. */
const mostSteps = 120;

function hessenbergEigenvalues(a: Rows): (readonly [re: number, im: number])[] {
  const found: (readonly [number, number])[] = [];
  const norm = a.reduce((sum, row) => sum + row.reduce((total, value) => total + Math.abs(value), 0), 0);
  let [end, shift, steps] = [a.length - 1, 0, 0];
  while (end >= 0) {
    const begin = blockStart(a, end, norm);
    if (begin === end) {
      found.push([at(a, end, end) + shift, 0]);
      end -= 1;
      steps = 0;
    } else if (begin === end - 1) {
      found.push(...pair(a, end, shift));
      end -= 2;
      steps = 0;
    } else {
      if (steps === mostSteps) return [...found, ...Array.from({ length: end + 1 }, () => [NaN, NaN] as const)];
      shift += francisStep(a, begin, end, steps);
      steps += 1;
    }
  }
  return found;
}

function at(a: Rows, i: number, j: number): number {
  return a[i]?.[j] as number;
}

function set(a: Rows, i: number, j: number, value: number): void {
  (a[i] as Float64Array)[j] = value;
}

/** The first row of the last block that does not fall apart. */
function blockStart(a: Rows, end: number, norm: number): number {
  for (let l = end; l >= 1; l -= 1) {
    const scale = Math.abs(at(a, l - 1, l - 1)) + Math.abs(at(a, l, l)) || norm;
    if (Math.abs(at(a, l, l - 1)) <= Number.EPSILON * scale) {
      set(a, l, l - 1, 0);
      return l;
    }
  }
  return 0;
}

/** The two eigenvalues of the block in the last two rows. */
function pair(a: Rows, end: number, shift: number): (readonly [number, number])[] {
  const [x, y] = [at(a, end, end), at(a, end - 1, end - 1)];
  const w = at(a, end, end - 1) * at(a, end - 1, end);
  const p = (y - x) / 2;
  const q = p * p + w;
  if (q < 0) return [[x + shift + p, Math.sqrt(-q)], [x + shift + p, -Math.sqrt(-q)]];
  const z = p + Math.sign(p || 1) * Math.sqrt(q);
  return [[x + shift + z, 0], [x + shift + (z === 0 ? 0 : -w / z), 0]];
}

/** One double step on rows begin to end; returns by how much it shifted the whole matrix. */
function francisStep(a: Rows, begin: number, end: number, steps: number): number {
  let [x, y] = [at(a, end, end), at(a, end - 1, end - 1)];
  let w = at(a, end, end - 1) * at(a, end - 1, end);
  let shifted = 0;
  if (steps % 10 === 9) {
    shifted = x;
    for (let i = 0; i <= end; i += 1) set(a, i, i, at(a, i, i) - x);
    const s = Math.abs(at(a, end, end - 1)) + Math.abs(at(a, end - 1, end - 2));
    [x, y, w] = [0.75 * s, 0.75 * s, -0.4375 * s * s];
  }
  const { m, p, q, r } = firstColumn(a, begin, end, { x, y, w });
  for (let i = m + 2; i <= end; i += 1) {
    set(a, i, i - 2, 0);
    if (i > m + 2) set(a, i, i - 3, 0);
  }
  sweep(a, { begin, end, m }, [p, q, r]);
  return shifted;
}

interface Shifts { readonly x: number; readonly y: number; readonly w: number }

/** Where two small subdiagonals in a row let the step begin, and the first column of the shifted square there. */
function firstColumn(a: Rows, begin: number, end: number, { x, y, w }: Shifts): { m: number; p: number; q: number; r: number } {
  for (let m = end - 2; ; m -= 1) {
    const z = at(a, m, m);
    const p = ((x - z) * (y - z) - w) / at(a, m + 1, m) + at(a, m, m + 1);
    const q = at(a, m + 1, m + 1) - z - (x - z) - (y - z);
    const r = at(a, m + 2, m + 1);
    const s = Math.abs(p) + Math.abs(q) + Math.abs(r);
    const column = { m, p: p / s, q: q / s, r: r / s };
    if (m === begin) return column;
    const u = Math.abs(at(a, m, m - 1)) * (Math.abs(column.q) + Math.abs(column.r));
    const v = Math.abs(column.p) * (Math.abs(at(a, m - 1, m - 1)) + Math.abs(z) + Math.abs(at(a, m + 1, m + 1)));
    if (u <= Number.EPSILON * v) return column;
  }
}

function sweep(a: Rows, { begin, end, m }: { readonly begin: number; readonly end: number; readonly m: number }, first: readonly [number, number, number]): void {
  let [p, q, r] = first;
  for (let k = m; k <= end - 1; k += 1) {
    const isLast = k === end - 1;
    let scale = 1;
    if (k !== m) {
      [p, q, r] = [at(a, k, k - 1), at(a, k + 1, k - 1), isLast ? 0 : at(a, k + 2, k - 1)];
      scale = Math.abs(p) + Math.abs(q) + Math.abs(r);
      if (scale === 0) continue;
      [p, q, r] = [p / scale, q / scale, r / scale];
    }
    const s = Math.sign(p || 1) * Math.hypot(p, q, r);
    if (k !== m) set(a, k, k - 1, -s * scale);
    else if (begin !== m) set(a, k, k - 1, -at(a, k, k - 1));
    p += s;
    reflect(a, { k, begin, end, isLast }, { x: p / s, y: q / s, z: r / s, q: q / p, r: r / p });
  }
}

interface Place { readonly k: number; readonly begin: number; readonly end: number; readonly isLast: boolean }
interface Reflector { readonly x: number; readonly y: number; readonly z: number; readonly q: number; readonly r: number }

function reflect(a: Rows, { k, begin, end, isLast }: Place, { x, y, z, q, r }: Reflector): void {
  for (let j = k; j <= end; j += 1) {
    const p = at(a, k, j) + q * at(a, k + 1, j) + (isLast ? 0 : r * at(a, k + 2, j));
    if (!isLast) set(a, k + 2, j, at(a, k + 2, j) - p * z);
    set(a, k + 1, j, at(a, k + 1, j) - p * y);
    set(a, k, j, at(a, k, j) - p * x);
  }
  for (let i = begin; i <= Math.min(end, k + 3); i += 1) {
    const p = x * at(a, i, k) + y * at(a, i, k + 1) + (isLast ? 0 : z * at(a, i, k + 2));
    if (!isLast) set(a, i, k + 2, at(a, i, k + 2) - p * r);
    set(a, i, k + 1, at(a, i, k + 1) - p * q);
    set(a, i, k, at(a, i, k) - p);
  }
}
