/** A slow processor takes long to start `Intl`: what a view mostly shows goes without. */
export const count = (n: number): string => (n < 1000 ? String(n) : n.toLocaleString("en"));

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const CENTS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** A decimal string in USD, with cents; below a dollar with a third digit where it counts. */
export function money(usd: string | number | null | undefined): string {
  const value = Number(usd ?? 0);
  const whole = Math.abs(value * 100 - Math.round(value * 100)) < 1e-9;
  if (value < 1 && !whole) return `$${value.toFixed(3)}`;
  return `$${whole && value < 1000 ? value.toFixed(2) : value.toLocaleString("en", CENTS)}`;
}

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const kb = size / 1024;
  return kb < 1024 ? `${kb.toFixed(kb < 10 ? 1 : 0)} kB` : `${(kb / 1024).toFixed(1)} MB`;
}

export function time(iso: string): string {
  const date = new Date(iso);
  const clock = [date.getHours(), date.getMinutes()].map((n) => String(n).padStart(2, "0"));
  const today = new Date().toDateString() === date.toDateString();
  const day = today ? "" : `${MONTHS[date.getMonth()]} ${date.getDate()}, `;
  return `${day}${clock.join(":")}`;
}

/** How long until `iso`, in words; empty when it is past or unknown. */
export function until(iso: string | null, now = Date.now()): string {
  const seconds = iso ? Math.round((Date.parse(iso) - now) / 1000) : 0;
  if (!(seconds > 0)) return "";
  if (seconds < 60) return plural(seconds, "second");
  if (seconds < 5400) return plural(Math.round(seconds / 60), "minute");
  return plural(Math.round(seconds / 3600), "hour");
}
