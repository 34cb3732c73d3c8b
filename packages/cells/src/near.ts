/** The candidate that a mistyped word most likely means: at most two letters off, one in a word of two or three. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = [...word].length < 2 ? 0 : [...word].length < 4 ? 1 : 2;
  for (const candidate of candidates) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase());
    if (far > least || (best !== undefined && far === least)) continue;
    [best, least] = [candidate, far];
  }
  return best;
}

// Levenshtein's distance, row by row.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (const [i, letter] of [...a].entries()) {
    const above = row;
    row = [i + 1];
    for (const [k, other] of [...b].entries()) row.push(Math.min((above[k] ?? 0) + (letter === other ? 0 : 1), (above[k + 1] ?? 0) + 1, (row[k] ?? 0) + 1));
  }
  return row.at(-1) ?? 0;
}
