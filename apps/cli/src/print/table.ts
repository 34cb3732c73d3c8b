/** Rows as lines, in columns as wide as their widest entry. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)));
  return rows.map((row) => row.map((entry, k) => entry.padEnd(widths[k] ?? 0)).join('  ').trimEnd());
}
