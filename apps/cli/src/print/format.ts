/** 1234567 as `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate in three digits: `873`, `12.4k`, `1.05M`. */
export function rate(perSecond: number): string {
  if (!(perSecond >= 1000)) return Math.round(perSecond).toString();
  const [scaled, unit] = perSecond < 999_500 ? [perSecond / 1e3, 'k'] : [perSecond / 1e6, 'M'];
  return `${scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)}${unit}`;
}

/** Seconds as a person says them: `0:07`, `3:20`, `1:02:03`, `2d 04h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const two = (value: number): string => value.toString().padStart(2, '0');
  if (days > 0) return `${days}d ${two(hours)}h`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A loss with as many digits as are worth reading. */
export function loss(nats: number): string {
  if (!Number.isFinite(nats)) return String(nats);
  return nats >= 1000 ? nats.toExponential(2) : nats.toFixed(3);
}

/** An error of computation: `1.2e-9`, or `0`. */
export function tiny(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

/** Bytes as `12 B`, `3.4 KB`, `5.6 MB`, in powers of 1000. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return value < 999_950 ? `${(value / 1e3).toFixed(1)} KB` : `${(value / 1e6).toFixed(1)} MB`;
}

/** nats / ln 2: what a compressor would need. */
export function bits(nats: number): number {
  return nats / Math.LN2;
}

/** As a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** How this command is called: in a checkout it goes through the package manager. */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return env['npm_lifecycle_event'] === undefined ? 'unroll' : 'npx -y pnpm@10 unroll';
}
