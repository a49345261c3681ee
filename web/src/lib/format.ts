const number = new Intl.NumberFormat("en");

export const count = (n: number): string => number.format(n);

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

const dollars = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A decimal string in USD, with cents; below a dollar with a third digit where it counts. */
export function money(usd: string | number | null | undefined): string {
  const value = Number(usd ?? 0);
  const fine = value < 1 && Math.abs(value * 100 - Math.round(value * 100)) > 1e-9;
  return `$${fine ? value.toFixed(3) : dollars.format(value)}`;
}

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const kb = size / 1024;
  return kb < 1024 ? `${kb.toFixed(kb < 10 ? 1 : 0)} kB` : `${(kb / 1024).toFixed(1)} MB`;
}

export function time(iso: string): string {
  const date = new Date(iso);
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString(
    "en",
    today
      ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  );
}

/** How long until `iso`, in words; empty when it is past or unknown. */
export function until(iso: string | null, now = Date.now()): string {
  const seconds = iso ? Math.round((Date.parse(iso) - now) / 1000) : 0;
  if (!(seconds > 0)) return "";
  if (seconds < 60) return plural(seconds, "second");
  if (seconds < 5400) return plural(Math.round(seconds / 60), "minute");
  return plural(Math.round(seconds / 3600), "hour");
}
